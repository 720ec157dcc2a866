"""Which role each operation of the API needs. openapi.json says the same in x-role, and a test holds the two equal.

Only an owner may use a route that this table does not name (gate.py).
"""

from web_ui.ports.live import STAGES
from web_ui.ports.pairing import ENGINEER, NOBODY, OWNER, PLAYER, ROLES

_OPERATIONS = {
    NOBODY: (
        "session", "openapi", "pairing", "claim", "ask", "leave", "pin", "unlock",
    ),
    PLAYER: (
        "status", "params", "set_param", "events", "panel", "press", "turn", "step", "undo_steps", "undo",
        "presets", "load_preset", "step_preset", "recall_scene", "comparison", "compare", "setup_news",
        "leave_safe_mode", "recorder", "record", "keep_take", "mark_take", "arm_recorder",
    ),
    ENGINEER: (
        "save_preset", "rename_preset", "duplicate_preset", "delete_preset", "reorder_presets", "undo_presets",
        "export_presets", "import_presets", "keep_scene", "listen", "live", "spectrum", "history",
        "room", "learn_room", "use_room",
        "panel_setup", "check_mapping", "set_mapping", "remove_mapping", "restore", "add_control", "remove_control",
        "calibrate", "learning", "learn", "cancel_learning", "touch",
        "setup", "interfaces", "set_audio", "check_sound", "mixer", "set_mixer", "stop_monitoring", "set_wizard",
        "models", "models_work", "use_model", "measure_model", "try_models", "tried_model",
        "system", "network", "about",
        "set_recorder", "remove_place", "set_quota",
        "takes", "change_take", "bin_take", "take_outline", "take_sound", "take_part", "take_packed",
        "take_stem_file", "retry_take", "drop_version", "compare_takes", "take_jobs", "cancel_take_job",
    ),
    OWNER: (
        "rename_box", "log_lines", "diagnostics", "backup", "restore_backup", "look_into_backup", "undo_restore",
        "restart_box", "power_off", "set_pin", "networks", "look_around", "join_network", "forget_network",
        "open_own_wifi", "own_wifi_card", "set_country", "keep_restore",
        "phones", "change_phone", "revoke_phone", "invite_phone", "set_open_play",
        "updates", "look_for_updates", "install_update", "back_to_previous",
        "empty_bin", "set_place",
    ),
}  # fmt: skip

ROLE_OF = {operation: role for role, operations in _OPERATIONS.items() for operation in operations}
"""By operationId."""


ENGINEERS = frozenset({"chain", *STAGES}) - {"denoise"}
"""The first words of parameters that a player may see, not set: the chain of stages. Noise reduction is on the dial."""


def role_of_param(id: str) -> str:
    """The role that setting this parameter needs."""
    return ENGINEER if id.partition(".")[0] in ENGINEERS else ROLE_OF["set_param"]


def rank(role: str) -> int:
    """0 for nobody, then a player, an engineer, an owner."""
    return ROLES.index(role) + 1 if role in ROLES else 0


def may(role: str, needed: str) -> bool:
    """Whether a client with `role` may do what needs `needed`."""
    return rank(role) >= rank(needed)
