/* The module dsp.native._hop: every method takes its arguments apart, checks them, and calls one C function.
 *
 * _hop.pyi tells what each takes. Everything runs with the interpreter's lock held: a call takes a few microseconds.
 */
#include "bind.h"

#include <string.h>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#define METHOD(name) static PyObject *name(PyObject *self, PyObject *const *a, Py_ssize_t n)
#define STATE(type) const struct type *s = &((Bound *)self)->state.type
#define LAST_POSITION(size) ((size) - 1)

/* Release so many views, then return. */
static PyObject *done(Py_buffer *views, int count, PyObject *result)
{
    while (count--) PyBuffer_Release(&views[count]);
    return result;
}

static PyObject *nothing(void)
{
    Py_INCREF(Py_None);
    return Py_None;
}

METHOD(transform_forward_method)
{
    STATE(transform);
    Py_buffer v[2];
    const Py_ssize_t wave = s->frames * (Py_ssize_t)sizeof(float), bins = s->frames + 2;
    if (expect_arguments("forward", n, 2) || get_flat(a[0], "waves", ANY, 0, &v[0])) return NULL;
    const Py_ssize_t count = v[0].len / wave;
    if (v[0].len % wave) {
        PyErr_Format(PyExc_ValueError, "waves has %zd bytes: a multiple of %zd is needed", v[0].len, wave);
        return done(v, 1, NULL);
    }
    if (get_flat(a[1], "out", count * bins * (Py_ssize_t)sizeof(float), 1, &v[1])) return done(v, 1, NULL);
    for (Py_ssize_t i = 0; i < count; i++)
        transform_forward(s, (float *)v[0].buf + i * s->frames, NULL, (float *)v[1].buf + i * bins);
    return done(v, 2, nothing());
}

METHOD(transform_inverse_method)
{
    STATE(transform);
    Py_buffer v[2];
    const Py_ssize_t wave = s->frames * (Py_ssize_t)sizeof(float), bins = s->frames + 2;
    if (expect_arguments("inverse", n, 2) || get_flat(a[1], "out", ANY, 1, &v[0])) return NULL;
    const Py_ssize_t count = v[0].len / wave;
    if (v[0].len % wave) {
        PyErr_Format(PyExc_ValueError, "out has %zd bytes: a multiple of %zd is needed", v[0].len, wave);
        return done(v, 1, NULL);
    }
    if (get_flat(a[0], "spectrum", count * bins * (Py_ssize_t)sizeof(float), 0, &v[1])) return done(v, 1, NULL);
    for (Py_ssize_t i = 0; i < count; i++) {
        const struct halves halves = transform_inverse(s, (float *)v[1].buf + i * bins);
        float *out = (float *)v[0].buf + i * s->frames;
        for (long k = 0; k < s->frames / 2; k++) {
            out[2 * k] = halves.even[k];
            out[2 * k + 1] = halves.odd[k];
        }
    }
    return done(v, 2, nothing());
}

static Py_ssize_t spectrum_bytes(long channels, long bins) { return 2 * channels * bins * (Py_ssize_t)sizeof(float); }

METHOD(stft_analyse_method)
{
    STATE(stft);
    Py_buffer v[1];
    struct rows hop;
    long position;
    if (expect_arguments("analyse", n, 2) || whole_number(a[1], "position", 0, s->transform->frames - s->hop, &position) ||
        get_rows(a[0], "hop", s->hop, s->channels, 0, v, &hop))
        return NULL;
    stft_analyse(s, hop, position);
    return done(v, 1, nothing());
}

METHOD(stft_synthesise_method)
{
    STATE(stft);
    Py_buffer v[1];
    if (expect_arguments("synthesise", n, 1) ||
        get_flat(a[0], "spectrum", spectrum_bytes(s->channels, s->transform->frames / 2 + 1), 0, v))
        return NULL;
    stft_synthesise(s, v[0].buf);
    return done(v, 1, nothing());
}

METHOD(denoise_features_method)
{
    STATE(denoise);
    Py_buffer v[1];
    long looked;
    double keep_room, sensitivity;
    if (expect_arguments("features", n, 4) || whole_number(a[1], "looked", 0, LONG_MAX, &looked) ||
        number(a[2], &keep_room) || number(a[3], &sensitivity) ||
        get_flat(a[0], "spectrum", spectrum_bytes(s->channels, s->bins), 0, v))
        return NULL;
    denoise_features(s, v[0].buf, looked, (float)keep_room, (float)sensitivity);
    return done(v, 1, nothing());
}

static PyObject *put_mask(const struct denoise *s, PyObject *const *a, Py_ssize_t n, int filters)
{
    Py_buffer v[2];
    long hop, fine_hop;
    double dry, exponent;
    const long taps = 2 * (s->taps * s->low_bins + s->fine_taps * s->fine_bins);
    const Py_ssize_t mask = (taps + s->bands->count) * (Py_ssize_t)sizeof(float);
    if (expect_arguments(filters ? "apply" : "gains", n, 6) ||
        whole_number(a[2], "hop", 0, LAST_POSITION(s->history_hops), &hop) ||
        whole_number(a[3], "fine_hop", 0, LAST_POSITION(s->past_hops), &fine_hop) || number(a[4], &dry) ||
        number(a[5], &exponent) || get_flat(a[0], "mask", mask, 0, &v[0]))
        return NULL;
    if (get_flat(a[1], "spectrum", spectrum_bytes(s->channels, s->bins), filters, &v[1])) return done(v, 1, NULL);
    const double db = filters
        ? denoise_apply(s, v[0].buf, v[1].buf, hop, fine_hop, (float)dry, (float)exponent)
        : denoise_gains(s, v[0].buf, v[1].buf, hop, fine_hop, (float)dry, (float)exponent);
    return done(v, 2, PyFloat_FromDouble(db));
}

METHOD(denoise_apply_method) { return put_mask(&((Bound *)self)->state.denoise, a, n, 1); }
METHOD(denoise_gains_method) { return put_mask(&((Bound *)self)->state.denoise, a, n, 0); }

METHOD(sides_mean_method)
{
    STATE(sides);
    Py_buffer v[1];
    double newest, opposed;
    if (expect_arguments("mean", n, 3) || number(a[1], &newest) || number(a[2], &opposed) ||
        get_flat(a[0], "spectrum", ANY, 0, v))
        return NULL;
    const Py_ssize_t row = v[0].len / (s->channels * (Py_ssize_t)sizeof(float));
    if (row < 2 * s->bins || row * s->channels * (Py_ssize_t)sizeof(float) != v[0].len) {
        PyErr_Format(PyExc_ValueError, "spectrum has %zd bytes: %ld channels of %ld bins or more are needed", v[0].len,
                     s->channels, s->bins);
        return done(v, 1, NULL);
    }
    sides_mean(s, v[0].buf, (long)row, newest, opposed);
    return done(v, 1, nothing());
}

METHOD(stems_features_method)
{
    STATE(stems);
    Py_buffer v[2];
    double level, share;
    const Py_ssize_t bytes = spectrum_bytes(s->channels, s->bins);
    if (expect_arguments("features", n, 4) || number(a[2], &level) || number(a[3], &share) ||
        get_flat(a[0], "spectrum", bytes, 0, &v[0]))
        return NULL;
    if (get_flat(a[1], "aligned", bytes, 0, &v[1])) return done(v, 1, NULL);
    return done(v, 2, PyFloat_FromDouble(stems_features(s, v[0].buf, v[1].buf, level, share)));
}

METHOD(stems_masks_method)
{
    STATE(stems);
    Py_buffer v[1];
    const Py_ssize_t count = 2 * s->claimed * (s->low_bins + s->bands->count);
    if (expect_arguments("masks", n, 1) || get_flat(a[0], "mask", count * (Py_ssize_t)sizeof(float), 0, v)) return NULL;
    stems_masks(s, v[0].buf);
    return done(v, 1, nothing());
}

METHOD(stems_mix_method)
{
    STATE(stems);
    Py_buffer v[4];
    const Py_ssize_t bytes = spectrum_bytes(s->channels, s->bins), each = (s->claimed + 1) * (Py_ssize_t)sizeof(float);
    if (expect_arguments("mix", n, 4) || get_flat(a[0], "spectrum", bytes, 0, &v[0])) return NULL;
    if (get_flat(a[1], "levels", each, 0, &v[1])) return done(v, 1, NULL);
    if (get_flat(a[2], "mixed", bytes, 1, &v[2])) return done(v, 2, NULL);
    if (get_flat(a[3], "energy", each, 1, &v[3])) return done(v, 3, NULL);
    stems_mix(s, v[0].buf, v[1].buf, v[2].buf, v[3].buf);
    return done(v, 4, nothing());
}

/* A block of at most `size` frames, and where it starts in the ring. */
static int ring_arguments(const struct ring *s, PyObject *const *a, int writes, Py_buffer *view, struct rows *block,
                          long *position)
{
    if (whole_number(a[1], "position", 0, LAST_POSITION(s->size), position) ||
        get_rows(a[0], "block", ANY, s->channels, writes, view, block))
        return -1;
    if (block->frames <= s->size) return 0;
    PyErr_Format(PyExc_ValueError, "block has %ld frames: allowed %ld at most", block->frames, s->size);
    PyBuffer_Release(view);
    return -1;
}

METHOD(ring_write_method)
{
    STATE(ring);
    Py_buffer v[1];
    struct rows block;
    long position;
    if (expect_arguments("write", n, 2) || ring_arguments(s, a, 0, v, &block, &position)) return NULL;
    ring_write(s->at, s->size, s->channels, position, block);
    return done(v, 1, PyLong_FromLong((position + block.frames) % s->size));
}

METHOD(ring_read_method)
{
    STATE(ring);
    Py_buffer v[1];
    struct rows block;
    long position;
    if (expect_arguments("read", n, 2) || ring_arguments(s, a, 1, v, &block, &position)) return NULL;
    ring_read(s->at, s->size, s->channels, position, block);
    return done(v, 1, PyLong_FromLong((position + block.frames) % s->size));
}

METHOD(ring_delay_method)
{
    STATE(ring);
    Py_buffer v[2];
    struct rows block, out;
    long position, latency;
    if (expect_arguments("delay", n, 4) || ring_arguments(s, a, 0, &v[0], &block, &position)) return NULL;
    if (whole_number(a[2], "latency_frames", 0, s->size - block.frames, &latency) ||
        get_rows(a[3], "out", block.frames, s->channels, 1, &v[1], &out))
        return done(v, 1, NULL);
    ring_write(s->at, s->size, s->channels, position, block);
    ring_read(s->at, s->size, s->channels, (position - latency + s->size) % s->size, out);
    return done(v, 2, PyLong_FromLong((position + block.frames) % s->size));
}

METHOD(past_remember_method)
{
    STATE(past);
    Py_buffer v[1];
    struct rows block;
    long position;
    if (expect_arguments("remember", n, 2) || whole_number(a[1], "position", 0, LAST_POSITION(s->length), &position) ||
        get_rows(a[0], "block", ANY, s->channels, 0, v, &block))
        return NULL;
    if (block.frames > s->length) {
        PyErr_Format(PyExc_ValueError, "block has %ld frames: allowed %ld at most", block.frames, s->length);
        return done(v, 1, NULL);
    }
    remember(s->at, s->length, position, block);
    return done(v, 1, PyLong_FromLong((position + block.frames) % s->length));
}

METHOD(meter_add_method)
{
    STATE(levels);
    Py_buffer v[1];
    struct rows block;
    if (expect_arguments("add", n, 1) || get_rows(a[0], "block", ANY, s->channels, 0, v, &block)) return NULL;
    meter(block, s->sums);
    return done(v, 1, nothing());
}

METHOD(wire_decode_method)
{
    STATE(wire);
    Py_buffer v[2];
    struct rows block;
    if (expect_arguments("decode", n, 2) || get_rows(a[1], "block", ANY, s->chosen, 1, &v[0], &block)) return NULL;
    if (get_flat(a[0], "data", block.frames * s->bytes * s->device_channels, 0, &v[1])) return done(v, 1, NULL);
    if (!block.frames) return done(v, 2, nothing());
    wire_decode(s, v[1].buf, block);
    return done(v, 2, nothing());
}

METHOD(wire_encode_method)
{
    STATE(wire);
    Py_buffer v[2];
    struct rows block;
    if (expect_arguments("encode", n, 2) || get_rows(a[0], "block", ANY, ANY, 0, &v[0], &block)) return NULL;
    if (block.channels != s->chosen && block.channels != 1) {
        PyErr_Format(PyExc_ValueError, "block has %ld channels: allowed 1 or %ld", block.channels, s->chosen);
        return done(v, 1, NULL);
    }
    if (get_flat(a[1], "data", block.frames * s->bytes * s->device_channels, 1, &v[1])) return done(v, 1, NULL);
    if (!block.frames) return done(v, 2, nothing());
    wire_encode(s, block, v[1].buf);
    return done(v, 2, nothing());
}

METHOD(mend_function)
{
    (void)self;
    Py_buffer v[1];
    struct rows block;
    double loudest;
    if (expect_arguments("mend", n, 2) || number(a[1], &loudest) || get_rows(a[0], "block", ANY, ANY, 1, v, &block))
        return NULL;
    return done(v, 1, PyLong_FromLong(mend(block, (float)loudest)));
}

METHOD(peak_function)
{
    (void)self;
    Py_buffer v[1];
    struct rows block;
    if (expect_arguments("peak", n, 1) || get_rows(a[0], "block", ANY, ANY, 0, v, &block)) return NULL;
    return done(v, 1, PyFloat_FromDouble((double)peak(block)));
}

METHOD(limit_function)
{
    (void)self;
    Py_buffer v[1];
    struct rows block;
    double ceiling, reduction, fall;
    if (expect_arguments("limit", n, 4) || number(a[1], &ceiling) || number(a[2], &reduction) || number(a[3], &fall) ||
        get_rows(a[0], "block", ANY, ANY, 1, v, &block))
        return NULL;
    return done(v, 1, PyFloat_FromDouble(limit(block, (float)ceiling, reduction, fall)));
}

METHOD(take_answer_function)
{
    (void)self;
    Py_buffer v[2];
    double most;
    if (expect_arguments("take_answer", n, 3) || number(a[2], &most) || get_flat(a[0], "answer", ANY, 0, &v[0])) return NULL;
    if (get_flat(a[1], "mask", v[0].len, 1, &v[1])) return done(v, 1, NULL);
    const int taken = take_answer(v[0].buf, v[1].buf, v[0].len / (long)sizeof(float), (float)most);
    return done(v, 2, PyBool_FromLong(taken));
}

METHOD(ramp_function)
{
    (void)self;
    Py_buffer v[1];
    double start, step;
    long walked;
    if (expect_arguments("ramp", n, 4) || number(a[1], &start) || number(a[2], &step) ||
        whole_number(a[3], "done", 0, LONG_MAX / 2, &walked) || get_flat(a[0], "values", ANY, 1, v))
        return NULL;
    ramp(v[0].buf, v[0].len / (long)sizeof(float), start, step, walked);
    return done(v, 1, nothing());
}

METHOD(scale_function)
{
    (void)self;
    Py_buffer v[2];
    struct rows block;
    if (expect_arguments("scale", n, 2) || get_rows(a[0], "block", ANY, ANY, 1, &v[0], &block)) return NULL;
    if (get_flat(a[1], "values", block.frames * (Py_ssize_t)sizeof(float), 0, &v[1])) return done(v, 1, NULL);
    if (block.frames) scale(block, v[1].buf);
    return done(v, 2, nothing());
}

METHOD(crossfade_function)
{
    (void)self;
    Py_buffer v[3];
    struct rows wet, dry;
    if (expect_arguments("crossfade", n, 3) || get_rows(a[0], "wet", ANY, ANY, 1, &v[0], &wet)) return NULL;
    if (get_rows(a[1], "dry", wet.frames, wet.channels, 0, &v[1], &dry)) return done(v, 1, NULL);
    if (get_flat(a[2], "share", wet.frames * (Py_ssize_t)sizeof(float), 0, &v[2])) return done(v, 2, NULL);
    if (wet.frames) crossfade(wet, dry, v[2].buf);
    return done(v, 3, nothing());
}

/* Columns of a block, as int32; `view` holds them. Return how many, or -1. */
static Py_ssize_t get_columns(PyObject *from, long channels, Py_buffer *view)
{
    if (get_flat(from, "columns", ANY, 0, view)) return -1;
    const Py_ssize_t count = view->len / (Py_ssize_t)sizeof(int32_t);
    const int32_t *columns = view->buf;
    for (Py_ssize_t c = 0; c < count; c++) {
        if (columns[c] >= 0 && columns[c] < channels) continue;
        PyErr_Format(PyExc_ValueError, "columns[%zd] = %d: allowed 0 to %ld", c, (int)columns[c], channels - 1);
        PyBuffer_Release(view);
        return -1;
    }
    return count;
}

METHOD(pick_function)
{
    (void)self;
    Py_buffer v[3];
    struct rows block, out;
    if (expect_arguments("pick", n, 3) || get_rows(a[0], "block", ANY, ANY, 0, &v[0], &block)) return NULL;
    const Py_ssize_t count = get_columns(a[1], block.channels, &v[1]);
    if (count < 0) return done(v, 1, NULL);
    if (get_rows(a[2], "out", block.frames, (long)count, 1, &v[2], &out)) return done(v, 2, NULL);
    pick(block, v[1].buf, out);
    return done(v, 3, nothing());
}

METHOD(add_columns_function)
{
    (void)self;
    Py_buffer v[3];
    struct rows sound, out;
    long mix;
    if (expect_arguments("add_columns", n, 4) || get_rows(a[0], "sound", ANY, ANY, 0, &v[0], &sound)) return NULL;
    const Py_ssize_t width = get_columns(a[1], sound.channels, &v[1]);
    if (width < 0) return done(v, 1, NULL);
    if (get_rows(a[2], "out", sound.frames, ANY, 1, &v[2], &out)) return done(v, 2, NULL);
    if (whole_number(a[3], "mix", 0, out.channels, &mix)) return done(v, 3, NULL);
    if (width) add_columns(sound, v[1].buf, (long)width, out, mix);
    return done(v, 3, nothing());
}

/* Of the calling thread, and so of NumPy too: numbers below the smallest normal one count as zero. Slow on every
 * machine, and below anything that is heard. Return how it was before, or None where the machine cannot. */
METHOD(flush_denormals_function)
{
    (void)self;
    long on;
    if (expect_arguments("flush_denormals", n, 1) || whole_number(a[0], "on", 0, 1, &on)) return NULL;
#if defined(__SSE__)
    const unsigned bits = 0x8040; /* flush to zero, denormals are zero */
    const unsigned before = _mm_getcsr();
    _mm_setcsr(on ? before | bits : before & ~bits);
    return PyBool_FromLong((before & bits) == bits);
#elif defined(__aarch64__)
    const uint64_t bits = (uint64_t)1 << 24;
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    const uint64_t after = on ? before | bits : before & ~bits;
    __asm__ volatile("msr fpcr, %0" : : "r"(after));
    return PyBool_FromLong((before & bits) != 0);
#else
    return nothing();
#endif
}

#define CALL(name, function) {name, (PyCFunction)(void (*)(void))(function), METH_FASTCALL, NULL}
#define END {NULL, NULL, 0, NULL}

static PyMethodDef transform_methods[] = {
    CALL("forward", transform_forward_method), CALL("inverse", transform_inverse_method), END};
static PyMethodDef bands_methods[] = {END};
static PyMethodDef stft_methods[] = {
    CALL("analyse", stft_analyse_method), CALL("synthesise", stft_synthesise_method), END};
static PyMethodDef denoise_methods[] = {
    CALL("features", denoise_features_method), CALL("apply", denoise_apply_method), CALL("gains", denoise_gains_method), END};
static PyMethodDef sides_methods[] = {CALL("mean", sides_mean_method), END};
static PyMethodDef stems_methods[] = {
    CALL("features", stems_features_method), CALL("masks", stems_masks_method), CALL("mix", stems_mix_method), END};
static PyMethodDef ring_methods[] = {
    CALL("write", ring_write_method), CALL("read", ring_read_method), CALL("delay", ring_delay_method), END};
static PyMethodDef past_methods[] = {CALL("remember", past_remember_method), END};
static PyMethodDef meter_methods[] = {CALL("add", meter_add_method), END};
static PyMethodDef wire_methods[] = {CALL("decode", wire_decode_method), CALL("encode", wire_encode_method), END};

#define NEW(which)                                                                              \
    static PyObject *new_##which(PyTypeObject *type, PyObject *arguments, PyObject *keywords)   \
    {                                                                                           \
        (void)keywords;                                                                         \
        return bound_new(type, arguments, &kinds[which]);                                       \
    }
NEW(TRANSFORM) NEW(BANDS) NEW(STFT) NEW(DENOISE) NEW(SIDES) NEW(STEMS) NEW(RING) NEW(PAST) NEW(METER) NEW(WIRE)

static const struct { newfunc make; PyMethodDef *methods; const char *name; } types[KINDS] = {
    {new_TRANSFORM, transform_methods, "dsp.native._hop.Transform"},
    {new_BANDS, bands_methods, "dsp.native._hop.Bands"},
    {new_STFT, stft_methods, "dsp.native._hop.Stft"},
    {new_DENOISE, denoise_methods, "dsp.native._hop.Denoise"},
    {new_SIDES, sides_methods, "dsp.native._hop.Sides"},
    {new_STEMS, stems_methods, "dsp.native._hop.Stems"},
    {new_RING, ring_methods, "dsp.native._hop.Ring"},
    {new_PAST, past_methods, "dsp.native._hop.Past"},
    {new_METER, meter_methods, "dsp.native._hop.Meter"},
    {new_WIRE, wire_methods, "dsp.native._hop.Wire"},
};

static PyMethodDef functions[] = {
    CALL("mend", mend_function), CALL("peak", peak_function), CALL("limit", limit_function),
    CALL("take_answer", take_answer_function), CALL("ramp", ramp_function), CALL("scale", scale_function),
    CALL("crossfade", crossfade_function), CALL("pick", pick_function), CALL("add_columns", add_columns_function),
    CALL("flush_denormals", flush_denormals_function), END};

static int add_types(PyObject *module)
{
    for (int i = 0; i < KINDS; i++) {
        PyType_Slot slots[] = {{Py_tp_new, (void *)types[i].make},
                               {Py_tp_dealloc, (void *)bound_dealloc},
                               {Py_tp_methods, types[i].methods},
                               {0, NULL}};
        PyType_Spec spec = {types[i].name, (int)sizeof(Bound), 0, Py_TPFLAGS_DEFAULT, slots};
        PyObject *type = PyType_FromSpec(&spec);
        if (!type || PyModule_AddObjectRef(module, kinds[i].name, type)) return -1;
        Py_DECREF(type);
    }
    return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)add_types}, {0, NULL}};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_hop", "The hop in C; see dsp.native.", 0, functions, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__hop(void) { return PyModuleDef_Init(&definition); }
