/* A QEMU TCG plug-in: instructions, loads and stores of a program, and which of its accesses miss the caches of a
 * Raspberry Pi 4 (Cortex-A72: 32 KB L1, 2-way; 1 MB L2, 16-way; 64-byte lines; true LRU, data only, no prefetcher).
 * The declarations below are those of qemu-plugin.h, version 1, which Debian does not ship.
 *
 * At each mark of play.py (getpriority of process 900000) one line goes to the file named by out=, since the start:
 * instructions loads stores l1_misses l2_misses l2_write_backs.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
int qemu_plugin_version = 1;
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_syscall_cb(plugin_id, void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t,
                                                               uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int op, void *, uint64_t);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, void (*)(unsigned, uint32_t, uint64_t, void *), int flags,
                                      int rw, void *);
bool qemu_plugin_mem_is_store(uint32_t);
unsigned qemu_plugin_mem_size_shift(uint32_t);

#define LINE 6
enum { ADD_U64 = 0, NO_REGS = 0, READ_WRITE = 3, GETPRIORITY = 141, MARK = 900000 };
static uint64_t instructions, loads, stores, l1_misses, l2_misses, write_backs;
static FILE *out;

/* Sets of ways in order of use, the latest first. */
struct cache {
    int sets, ways;
    uint64_t *tags; /* line number + 1; the top bit says written */
};
#define WRITTEN (UINT64_C(1) << 63)
static uint64_t l1_tags[256 * 2], l2_tags[1024 * 16];
static struct cache l1 = {256, 2, l1_tags}, l2 = {1024, 16, l2_tags};

/* Returns whether it hit; *victim is the line that had to go, or 0. */
static bool touch(struct cache *c, uint64_t line, bool write, uint64_t *victim)
{
    uint64_t *set = c->tags + (line % (uint64_t)c->sets) * (uint64_t)c->ways;
    uint64_t mine = line + 1, flag = 0;
    int at = 0;
    while (at < c->ways && (set[at] & ~WRITTEN) != mine) at++;
    bool hit = at < c->ways;
    *victim = 0;
    if (hit) {
        flag = set[at] & WRITTEN;
    } else {
        at = c->ways - 1;
        *victim = set[at];
    }
    memmove(set + 1, set, (size_t)at * sizeof *set);
    set[0] = mine | flag | (write ? WRITTEN : 0);
    return hit;
}

static void access_line(uint64_t line, bool write)
{
    uint64_t out, gone;
    if (touch(&l1, line, write, &out)) return;
    l1_misses++;
    if (out & WRITTEN) { /* written back into L2 */
        touch(&l2, (out & ~WRITTEN) - 1, true, &gone);
        write_backs += gone & WRITTEN ? 1 : 0;
    }
    if (!touch(&l2, line, false, &gone)) {
        l2_misses++;
        write_backs += gone & WRITTEN ? 1 : 0;
    }
}

static void on_memory(unsigned cpu, uint32_t info, uint64_t address, void *unused)
{
    (void)cpu, (void)unused;
    bool write = qemu_plugin_mem_is_store(info);
    if (write) stores++; else loads++;
    uint64_t last = (address + (UINT64_C(1) << qemu_plugin_mem_size_shift(info)) - 1) >> LINE;
    for (uint64_t line = address >> LINE; line <= last; line++) access_line(line, write);
}

static void on_block(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(tb);
    qemu_plugin_register_vcpu_tb_exec_inline(tb, ADD_U64, &instructions, count);
    for (size_t i = 0; i < count; i++)
        qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), on_memory, NO_REGS, READ_WRITE, NULL);
}

static void on_system_call(plugin_id id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                           uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)cpu, (void)number, (void)a1, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number != GETPRIORITY || a2 != MARK) return;
    fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", instructions, loads, stores,
            l1_misses, l2_misses, write_backs);
    fflush(out);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    out = stderr;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "out=", 4) == 0) out = fopen(argv[i] + 4, "w");
    if (out == NULL) return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    qemu_plugin_register_vcpu_syscall_cb(id, on_system_call);
    return 0;
}
