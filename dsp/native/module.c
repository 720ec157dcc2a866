/* The module dsp.native._hop and its types: every method takes its arguments apart, checks them, and calls one function.
 *
 * _hop.pyi tells what each takes. Everything runs with the interpreter's lock held: a call takes a few microseconds.
 */
#include "bind.h"

#include <string.h>

#define STATE(type) const struct type *s = &((Bound *)self)->state.type
#define LAST_POSITION(size) ((size) - 1)

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

METHOD(meter_mend_and_add_method)
{
    STATE(levels);
    Py_buffer v[1];
    struct rows block;
    double loudest;
    if (expect_arguments("mend_and_add", n, 2) || number(a[1], &loudest) ||
        get_rows(a[0], "block", ANY, s->channels, 1, v, &block))
        return NULL;
    const long broken = mend(block, (float)loudest);
    meter(block, s->sums);
    return done(v, 1, PyLong_FromLong(broken));
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

METHOD(rumble_follow_method)
{
    STATE(rumble);
    Py_buffer v[1];
    struct rows block;
    long known;
    if (expect_arguments("follow", n, 2) || whole_number(a[1], "done", 0, LAST_POSITION(s->hop), &known) ||
        get_rows(a[0], "block", ANY, s->channels, 0, v, &block))
        return NULL;
    if (block.frames > s->hop - known) {
        PyErr_Format(PyExc_ValueError, "block has %ld frames: allowed %ld at most", block.frames, s->hop - known);
        return done(v, 1, NULL);
    }
    return done(v, 1, PyBool_FromLong(rumble_follow(s, block, known)));
}

METHOD(hold_begin_method)
{
    STATE(hold);
    Py_buffer v[1];
    struct rows hop;
    long turn, at;
    double loudest;
    if (expect_arguments("begin", n, 4) || whole_number(a[1], "turn", 0, 1, &turn) ||
        whole_number(a[2], "at", 0, LAST_POSITION(s->peaks_kept), &at) || number(a[3], &loudest) ||
        get_rows(a[0], "hop", s->hop, s->channels, 0, v, &hop))
        return NULL;
    return done(v, 1, PyLong_FromLong(hold_begin(s, hop, turn, at, (float)loudest)));
}

METHOD(hold_finish_method)
{
    STATE(hold);
    Py_buffer v[2];
    struct rows wet, out;
    long turn, blend;
    double rise, quietest, reduction, fall, loudest;
    if (expect_arguments("finish", n, 9) || number(a[7], &loudest) || whole_number(a[2], "turn", 0, 1, &turn) || number(a[3], &rise) ||
        number(a[4], &quietest) || number(a[5], &reduction) || number(a[6], &fall) ||
        whole_number(a[8], "blend", ALL_DRY, CROSSFADE, &blend) ||
        get_rows(a[0], "wet", s->hop, s->channels, 1, &v[0], &wet))
        return NULL;
    if (get_rows(a[1], "out", s->hop, s->channels, 1, &v[1], &out)) return done(v, 1, NULL);
    reduction = hold_finish(s, wet, out, turn, rise, quietest, reduction, fall, (float)loudest, blend);
    return done(v, 2, PyFloat_FromDouble(reduction));
}

METHOD(fir_process_method)
{
    STATE(fir);
    Py_buffer v[1];
    struct rows block;
    long end, faded, turn;
    if (expect_arguments("process", n, 4) || whole_number(a[1], "end", s->taps - 1, s->length, &end) ||
        whole_number(a[2], "faded", 0, s->fade, &faded) || whole_number(a[3], "turn", 0, 1, &turn) ||
        get_rows(a[0], "block", ANY, s->channels, 0, v, &block))
        return NULL;
    if (block.frames > s->most) {
        PyErr_Format(PyExc_ValueError, "block has %ld frames: allowed %ld at most", block.frames, s->most);
        return done(v, 1, NULL);
    }
    return done(v, 1, PyLong_FromLong(fir_process(s, block, end, faded, turn)));
}

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
static PyMethodDef meter_methods[] = {
    CALL("add", meter_add_method), CALL("mend_and_add", meter_mend_and_add_method), END};
static PyMethodDef wire_methods[] = {CALL("decode", wire_decode_method), CALL("encode", wire_encode_method), END};

static PyMethodDef rumble_methods[] = {CALL("follow", rumble_follow_method), END};
static PyMethodDef hold_methods[] = {CALL("begin", hold_begin_method), CALL("finish", hold_finish_method), END};
static PyMethodDef fir_methods[] = {CALL("process", fir_process_method), END};

#define NEW(which)                                                                              \
    static PyObject *new_##which(PyTypeObject *type, PyObject *arguments, PyObject *keywords)   \
    {                                                                                           \
        (void)keywords;                                                                         \
        return bound_new(type, arguments, &kinds[which]);                                       \
    }
NEW(TRANSFORM) NEW(BANDS) NEW(STFT) NEW(DENOISE) NEW(SIDES) NEW(STEMS) NEW(RING) NEW(PAST) NEW(METER) NEW(WIRE) NEW(RUMBLE) NEW(HOLD)
NEW(FIR)

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
    {new_RUMBLE, rumble_methods, "dsp.native._hop.Rumble"},
    {new_HOLD, hold_methods, "dsp.native._hop.Hold"},
    {new_FIR, fir_methods, "dsp.native._hop.Fir"},
};

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
