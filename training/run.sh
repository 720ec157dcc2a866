#!/bin/sh
# One step of making a bundle, in an environment of its own (.venv-train): run.sh STEP, one of those
# below. Further arguments go to the step's program. Nothing here belongs on the box.
set -eu
cd "$(dirname "$0")/.."
step=${1:?say which step: one of those in training/README.md}
shift
case $step in stems*) name=${NAME:-stems} ;; *) name=${NAME:-main} ;; esac

if [ ! -e .venv-train/.hushbox ] || [ training/requirements.txt -nt .venv-train/.hushbox ]; then
    python=${PYTHON:-python3}
    "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
        echo "training needs Python 3.11: PYTHON=/path/to/python3.11 make train-denoise-live" >&2
        exit 1
    }
    "$python" -m venv .venv-train
    .venv-train/bin/python -m pip install -q --disable-pip-version-check -r training/requirements.txt
    touch .venv-train/.hushbox
fi
PATH=$PWD/.venv-train/bin:$PATH
export PATH OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
# Memory of one step is kept for the next, in large pages: a step takes an eighth less.
export GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"
export MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=16000000000 MALLOC_TOP_PAD_=500000000

case $step in
data)
    python -m training.data.decode
    nice python -m training.data.singing --minutes 90 "$@"
    ;;
train)
    [ -e training/.cache/sung.json ] || "$0" data
    python -m training.train_denoise --name "$name" --batch 8 --sound 0.6 "$@"
    ;;
cool)
    # From the last constant-rate checkpoint to one that can be shipped; the former stays to go on from.
    python -m training.train_denoise --name "$name" --batch 8 --sound 0.6 --decay-steps 600 "$@"
    ;;
export)
    python -m training.export --checkpoint "training/checkpoints/$name/cooled.pt" \
        --committed training/denoise_live/checkpoint.pt "$@"
    ;;
train-light)
    [ -e training/.cache/sung.json ] || "$0" data
    python -m training.train_denoise --name "${NAME:-light}" --batch 8 --sound 0.6 --width 128 --blocks 3 --rate 3e-3 "$@"
    ;;
cool-light)
    "$0" train-light --decay-steps 2000 "$@"
    ;;
export-light)
    python -m training.export --checkpoint "training/checkpoints/${NAME:-light}/cooled.pt" \
        --bundle models_quantized/denoise-light --committed training/denoise_light/checkpoint.pt "$@"
    ;;
train-studio)
    [ -e training/.cache/sung.json ] || "$0" data
    python -m training.train_denoise --name "${NAME:-studio}" --features denoise-studio-v1 --width 384 --batch 8 --sound 0.6 \
        --loudness 1 "$@"
    ;;
export-studio)
    python -m training.export --checkpoint "training/checkpoints/${NAME:-studio}/cooled.pt" \
        --bundle models_quantized/denoise-studio --committed training/denoise_studio/checkpoint.pt "$@"
    ;;
float)
    # The committed weights in float32 beside their int8, for the benches; nothing of it is shipped.
    python -m training.export --checkpoint training/denoise_live/checkpoint.pt --bundle bench/out/int8/denoise-live \
        --float bench/out/float/denoise-live "$@"
    ;;
stems-data)
    [ -e training/.cache/sung.json ] || "$0" data
    python -m training.stems_data.songs
    nice python -m training.stems_data.kit
    nice python -m training.stems_data.lines
    if command -v fluidsynth >/dev/null; then
        nice python -m training.stems_data.general_midi
    else
        echo "no fluidsynth (apt install fluidsynth fluid-soundfont-gm): going without its instruments" >&2
    fi
    ;;
stems)
    [ -e training/.cache/stems_lines.json ] || "$0" stems-data
    # Three networks, one after the other; one begun goes on, one that is done stays. The last two hear all songs.
    one() {
        seed=$1 steps=$2
        shift 2
        [ -e "training/checkpoints/$name-$seed/done" ] && return
        python -m training.train_stems --name "$name-$seed" --seed "$seed" --rate 1.8e-3 --steps "$steps" "$@"
        touch "training/checkpoints/$name-$seed/done"
    }
    one 1 1200 "$@"
    one 2 1500 --with-held-out-song "$@"
    one 3 1500 --with-held-out-song "$@"
    ;;
stems-export)
    python -m training.export_stems --checkpoint training/checkpoints/"$name"-[123]/stable.pt \
        --committed training/stems_live/checkpoint.pt "$@"
    ;;
stems-export-light)
    python -m training.export_stems --checkpoint training/stems_live/checkpoint.pt --member 0 \
        --bundle models_quantized/stems-light "$@"
    ;;
stems-evaluate)
    python -m training.evaluate_stems "$@"
    ;;
evaluate)
    python -m training.evaluate --set ../shared/data/eval/denoise "$@"
    ;;
test)
    python -m pytest -p no:anyio tests/training tests/models "$@"
    ;;
*)
    echo "no step $step: there are data, train, cool, export, train-light, cool-light, export-light, train-studio," \
        "export-studio, float, stems-data, stems, stems-export, stems-export-light, stems-evaluate, evaluate and test" >&2
    exit 2
    ;;
esac
