/* The module dsp.native._hop and its types: every method takes its arguments apart, checks them, and calls one function.
 *
 * _hop.pyi tells what each takes. Everything runs with the interpreter's lock held: a call takes a few microseconds.
 */
#include "bind.h"

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

#define NEW(which)                                                                              \
    static PyObject *new_##which(PyTypeObject *type, PyObject *arguments, PyObject *keywords)   \
    {                                                                                           \
        (void)keywords;                                                                         \
        return bound_new(type, arguments, &kinds[which]);                                       \
    }
NEW(TRANSFORM) NEW(BANDS) NEW(STFT) NEW(DENOISE) NEW(SIDES) NEW(STEMS) NEW(RING) NEW(PAST) NEW(METER) NEW(WIRE) NEW(RUMBLE) NEW(HOLD)
NEW(FIR)
NEW(BIQUADS)
NEW(LATE)
NEW(PATHS) NEW(LEARNER)
NEW(DECLICK) NEW(DECLIP) NEW(LEAK_HEAD) NEW(LEAK_MUSIC)

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
    {new_BIQUADS, biquads_methods, "dsp.native._hop.Biquads"},
    {new_LATE, late_methods, "dsp.native._hop.Late"},
    {new_PATHS, paths_methods, "dsp.native._hop.Paths"},
    {new_LEARNER, learner_methods, "dsp.native._hop.Learner"},
    {new_DECLICK, declick_methods, "dsp.native._hop.Declick"},
    {new_DECLIP, declip_methods, "dsp.native._hop.Declip"},
    {new_LEAK_HEAD, leak_head_methods, "dsp.native._hop.LeakHead"},
    {new_LEAK_MUSIC, leak_music_methods, "dsp.native._hop.LeakMusic"},
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
