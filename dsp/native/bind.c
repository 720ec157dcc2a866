/* Arrays of Python, held and checked: every length is compared with what the C code reads and writes. */
#include "bind.h"

#include <string.h>

#define FITTING(type) static const char *type##_fits(const void *state, struct fit *fit)
#define SELF(type) const struct type *s = state

int holds(struct fit *fit, const char *name, Py_ssize_t needed)
{
    const Py_ssize_t found = fit->have[fit->next++];
    if (fit->name || found == needed) return !fit->name;
    fit->name = name;
    fit->needed = needed;
    fit->found = found;
    return 0;
}

FITTING(transform)
{
    SELF(transform);
    if (!holds(fit, "radices", s->passes)) return NULL;
    const long twiddles = transform_twiddles(s);
    if (!twiddles) return "the radices do not make up half of the frames";
    holds(fit, "twiddles", twiddles);
    holds(fit, "turns", s->frames + 2);
    holds(fit, "work", 2 * s->frames);
    return NULL;
}

FITTING(bands)
{
    SELF(bands);
    if (!holds(fit, "first", s->count + 1)) return NULL;
    holds(fit, "falling", s->bins);
    holds(fit, "rising", s->bins);
    holds(fit, "scale", s->count);
    for (long b = 0; b < s->count; b++)
        if (s->first[b] < 0 || s->first[b] > s->first[b + 1]) return "first does not rise";
    return s->first[s->count] == s->bins ? NULL : "first does not end at the last bin";
}

FITTING(stft)
{
    SELF(stft);
    const long window = s->transform->frames;
    if (s->hop % 2 || 2 * s->hop > window || window % s->hop) return "the hop has to be even and to divide the window";
    fit->next++;
    holds(fit, "analysis", window);
    holds(fit, "synthesis", 2 * s->hop);
    holds(fit, "past", 2 * window * s->channels);
    holds(fit, "spectrum", (window / 2 + 1) * s->channels);
    holds(fit, "tail", s->hop * s->channels);
    holds(fit, "out", s->hop * s->channels);
    return NULL;
}

static const char *delays_fit(const int32_t *delays, long count, long most)
{
    for (long i = 0; i < count; i++)
        if (delays[i] < 0 || delays[i] >= most) return "a delay is longer than what is kept";
    return NULL;
}

FITTING(denoise)
{
    SELF(denoise);
    const long channels = s->channels, low = s->low_bins, bands = low + s->bands->count, fine = s->fine_bins;
    if (low + s->bands->bins != s->bins || fine > low) return "the bins do not add up";
    if (fine % 4 || s->places % 2 == 0 || s->places > 9) return "fine bins come in fours; places are 1, 3, 5, 7 or 9";
    fit->next++;
    if (!holds(fit, "delays", s->taps) || !holds(fit, "fine_delays", s->fine_taps)) return NULL;
    holds(fit, "standstill", s->period * fine);
    holds(fit, "cosines", (s->places / 2 + 1) * s->past_hops);
    holds(fit, "sines", s->places / 2 * s->past_hops);
    holds(fit, "mid", low);
    holds(fit, "power", channels * s->bins);
    holds(fit, "mean_power", s->bins);
    holds(fit, "features", bands + 2 * low + 2 + s->places * fine);
    holds(fit, "still", 2 * s->past_hops * channels * fine);
    holds(fit, "history", s->history_hops * channels * low);
    holds(fit, "past", s->past_hops * channels * fine);
    holds(fit, "low", channels * low);
    holds(fit, "level", s->bins);
    if (!holds(fit, "told_edges", TOLD_BANDS + 1)) return NULL;
    holds(fit, "told", channels * 2 * TOLD_BANDS);
    for (long b = 0; b <= TOLD_BANDS; b++)
        if (s->told_edges[b] < (b ? s->told_edges[b - 1] : 0) || s->told_edges[b] > s->bins) return "told_edges do not rise";
    const char *wrong = delays_fit(s->delays, s->taps, s->history_hops);
    return wrong ? wrong : delays_fit(s->fine_delays, s->fine_taps, s->past_hops);
}

FITTING(sides)
{
    SELF(sides);
    if (s->first_bin > s->bins) return "the first bin lies beyond the last";
    holds(fit, "signs", s->channels);
    holds(fit, "agreement", s->channels);
    holds(fit, "level", s->channels);
    holds(fit, "mid", s->bins);
    return NULL;
}

FITTING(stems)
{
    SELF(stems);
    const long bands = s->low_bins + s->bands->count;
    if (s->low_bins + s->bands->bins != s->bins) return "the bins do not add up";
    if (s->channels > 2) return "channels are 1 or 2";
    fit->next++;
    holds(fit, "power", s->channels * s->bins);
    holds(fit, "in_bins", 4 * s->bins);
    holds(fit, "in_bands", 4 * bands);
    holds(fit, "features", 3 * bands);
    holds(fit, "shares", bands);
    holds(fit, "gains", (s->claimed + 1) * s->channels * s->bins);
    return NULL;
}

FITTING(ring)
{
    SELF(ring);
    holds(fit, "ring", s->size * s->channels);
    return NULL;
}

FITTING(past)
{
    SELF(past);
    holds(fit, "past", 2 * s->length * s->channels);
    return NULL;
}

FITTING(levels)
{
    SELF(levels);
    holds(fit, "sums", 2 * s->channels);
    return NULL;
}

FITTING(wire)
{
    SELF(wire);
    if (s->bytes < 2 || s->bytes > 4) return "a sample has 2, 3 or 4 bytes";
    if (!holds(fit, "columns", s->chosen)) return NULL;
    for (long c = 0; c < s->chosen; c++)
        if (s->columns[c] < 0 || s->columns[c] >= s->device_channels) return "a column is not one of the device's";
    return NULL;
}

FITTING(rumble)
{
    SELF(rumble);
    holds(fit, "rules", sizeof *s->rules / sizeof(double));
    holds(fit, "levels", sizeof *s->levels / sizeof(double));
    holds(fit, "memory", 4 * s->channels);
    holds(fit, "state", 2 * s->channels);
    holds(fit, "sums", s->channels);
    holds(fit, "rumble", s->hop * s->channels);
    return NULL;
}

FITTING(hold)
{
    SELF(hold);
    holds(fit, "exact", 2 * s->hop * s->channels);
    holds(fit, "peaks", s->peaks_kept);
    holds(fit, "share", s->hop);
    return NULL;
}

FITTING(fir)
{
    SELF(fir);
    if (s->length < 2 * s->taps + s->most) return "the past is too short";
    holds(fit, "past", s->channels * s->length);
    holds(fit, "both_taps", 2 * s->taps);
    holds(fit, "rise", s->fade);
    holds(fit, "wet", s->most * s->channels);
    return NULL;
}

FITTING(biquads)
{
    SELF(biquads);
    holds(fit, "now", 5 * s->sections);
    holds(fit, "target", 5 * s->sections);
    holds(fit, "left", s->sections);
    holds(fit, "passed", s->sections);
    holds(fit, "state", 2 * s->sections * s->channels);
    return NULL;
}

FITTING(late)
{
    SELF(late);
    if (s->decays > MOST_DECAYS) return "there are too many decay times";
    if (!holds(fit, "edges", s->bands + 1)) return NULL;
    holds(fit, "decay", s->decays);
    holds(fit, "rules", sizeof *s->rules / sizeof(float));
    holds(fit, "past", s->past_hops * s->bins);
    holds(fit, "level", s->bins);
    holds(fit, "sums", s->decays * s->bins);
    holds(fit, "shares", s->decays * s->bands);
    holds(fit, "in_bands", 2 * s->bands);
    holds(fit, "gains", s->bins);
    holds(fit, "work", 2 * s->bins);
    holds(fit, "told", 3);
    if (s->edges[0] != 0 || s->edges[s->bands] != s->bins) return "the bands do not cover the bins";
    for (long k = 0; k < s->bands; k++)
        if (s->edges[k] >= s->edges[k + 1]) return "a band has no bins";
    return NULL;
}

FITTING(paths)
{
    SELF(paths);
    const long count = s->partitions * s->columns * s->bins;
    if (s->low > s->bins) return "there are more low bins than bins";
    holds(fit, "spectra", count);
    holds(fit, "weights", count);
    return NULL;
}

FITTING(learner)
{
    SELF(learner);
    const long count = s->partitions * s->columns * s->bins, frames = s->transform->frames;
    if (s->low > s->bins) return "there are more low bins than bins";
    if (frames % 4 || s->bins != frames / 2 + 1) return "the transform does not fit the bins";
    fit->next++;
    holds(fit, "spectra", count);
    holds(fit, "weights", count);
    holds(fit, "unsure", count);
    holds(fit, "foreseen", s->bins);
    holds(fit, "power", s->bins);
    holds(fit, "share", s->bins);
    holds(fit, "error", s->bins);
    holds(fit, "of_foreseen", s->bins);
    holds(fit, "was", frames / 2);
    holds(fit, "wave", frames);
    holds(fit, "taps", s->columns * frames);
    holds(fit, "by_bin", LEAK_ROWS * s->bins);
    holds(fit, "sums", 2 + 2 * s->bands);
    if (!holds(fit, "edges", s->bands + 1)) return NULL;
    for (long b = 0; b < s->bands; b++)
        if (s->edges[b] < 0 || s->edges[b] > s->edges[b + 1]) return "edges do not rise";
    return s->edges[s->bands] == s->bins ? NULL : "edges do not end at the last bin";
}

/* A step is whole blocks; a transform is two of them. */
static const char *blocks_fit(const struct transform *transform, long bins, long step)
{
    if (transform->frames % 4 || bins != transform->frames / 2 + 1) return "the transform does not fit the bins";
    return step % (transform->frames / 2) ? "a step is not whole blocks" : NULL;
}

FITTING(leak_head)
{
    SELF(leak_head);
    const long count = s->partitions * s->columns * s->bins;
    fit->next++;
    holds(fit, "spectra", count);
    holds(fit, "weights", count);
    holds(fit, "older", s->bins);
    holds(fit, "all", s->bins);
    holds(fit, "heard", s->step);
    holds(fit, "tail", s->step);
    holds(fit, "leak", s->bins - 1);
    holds(fit, "numbers", 3);
    return blocks_fit(s->transform, s->bins, s->step);
}

FITTING(leak_music)
{
    SELF(leak_music);
    if (s->columns > 2) return "there are one or two sides";
    fit->next++;
    holds(fit, "spectra", s->partitions * s->columns * s->bins);
    holds(fit, "wave", 2 * s->step * s->columns);
    holds(fit, "head_wave", 2 * (s->bins - 1) * s->columns);
    holds(fit, "numbers", 1 + s->columns);
    return blocks_fit(s->transform, s->bins, s->step);
}

FITTING(declick)
{
    SELF(declick);
    const long end = s->past + s->hop + s->ahead, channels = s->channels;
    if (s->order > MOST_ORDER || s->window_frames < s->order + 8 || s->past < s->window_frames)
        return "the order is too high, or the past too short";
    if (s->ahead < s->order || s->longest > s->ahead) return "the longest click is longer than what is ahead";
    holds(fit, "rules", sizeof *s->rules / sizeof(double));
    holds(fit, "window", s->window_frames);
    holds(fit, "sound", channels * end);
    holds(fit, "inlet", channels * s->hop);
    holds(fit, "outlet", channels * s->hop);
    holds(fit, "peaks", channels * s->peaks_kept);
    holds(fit, "errors", end);
    holds(fit, "fresh", end);
    holds(fit, "kept", s->longest);
    holds(fit, "a", channels * (s->order + 1));
    holds(fit, "work", s->window_frames);
    holds(fit, "band", channels * s->longest * (s->order + 1));
    holds(fit, "told", s->longest);
    holds(fit, "tally", 2);
    holds(fit, "at", s->longest);
    holds(fit, "factored", channels);
    holds(fit, "turn", 1);
    return NULL;
}

FITTING(declip)
{
    SELF(declip);
    const long channels = s->channels;
    if (s->order > MOST_ORDER || s->window_frames < s->order + 8 || s->past < s->window_frames || s->past < s->hop)
        return "the order is too high, or the past too short";
    if (s->ahead < s->order) return "too little is ahead";
    holds(fit, "rules", sizeof *s->rules / sizeof(double));
    holds(fit, "window", s->window_frames);
    holds(fit, "sound", channels * (s->past + s->hop + s->ahead));
    holds(fit, "inlet", channels * s->hop);
    holds(fit, "outlet", channels * s->hop);
    holds(fit, "a", s->order + 1);
    holds(fit, "work", s->window_frames);
    holds(fit, "band", s->most * (s->order + 1));
    holds(fit, "told", s->most);
    holds(fit, "looked", channels * LOOKED);
    holds(fit, "room", 2);
    holds(fit, "tally", 2);
    holds(fit, "at", s->most);
    return NULL;
}

#define ARRAYS_AT(type, first) offsetof(struct type, first)

const struct kind kinds[KINDS] = {
    {"Transform", ARRAYS_AT(transform, radices), 2, "ifff", transform_fits},
    {"Bands", ARRAYS_AT(bands, first), 2, "ifff", bands_fits},
    {"Stft", ARRAYS_AT(stft, transform), 2, "tfffcff", stft_fits},
    {"Denoise", ARRAYS_AT(denoise, bands), 10, "biicffcfffccccfif", denoise_fits},
    {"Sides", ARRAYS_AT(sides, signs), 3, "fddc", sides_fits},
    {"Stems", ARRAYS_AT(stems, bands), 4, "bffffff", stems_fits},
    {"Ring", ARRAYS_AT(ring, at), 2, "f", ring_fits},
    {"Past", ARRAYS_AT(past, at), 2, "f", past_fits},
    {"Meter", ARRAYS_AT(levels, sums), 1, "d", levels_fits},
    {"Wire", ARRAYS_AT(wire, columns), 3, "i", wire_fits},
    {"Rumble", ARRAYS_AT(rumble, rules), 2, "ddddff", rumble_fits},
    {"Hold", ARRAYS_AT(hold, exact), 3, "fff", hold_fits},
    {"Fir", ARRAYS_AT(fir, past), 5, "ffff", fir_fits},
    {"Biquads", ARRAYS_AT(biquads, now), 2, "ddiid", biquads_fits},
    {"Late", ARRAYS_AT(late, edges), 5, "iffffffffff", late_fits},
    {"Paths", ARRAYS_AT(paths, spectra), 5, "cc", paths_fits},
    {"Learner", ARRAYS_AT(learner, transform), 6, "tccfcffccffffdi", learner_fits},
    {"Declick", ARRAYS_AT(declick, rules), 14, "dffffffffdddddiii", declick_fits},
    {"Declip", ARRAYS_AT(declip, rules), 7, "dffffdddddddi", declip_fits},
    {"LeakHead", ARRAYS_AT(leak_head, transform), 4, "tccccfffd", leak_head_fits},
    {"LeakMusic", ARRAYS_AT(leak_music, transform), 4, "tcffd", leak_music_fits},
};

static const struct format { char letter; const char *code, *name; } formats[] = {
    {'f', "f", "float32"}, {'c', "Zf", "complex64"}, {'d', "d", "float64"}, {'i', "i", "int32"}};

static int hold_array(Bound *self, char letter, PyObject *array, int at, Py_ssize_t *count, void **pointer)
{
    Py_buffer *view = &self->views[self->held];
    if (PyObject_GetBuffer(array, view, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE | PyBUF_FORMAT)) return -1;
    self->held++;
    const struct format *format = formats;
    while (format->letter != letter) format++;
    if (!view->format || strcmp(view->format, format->code)) {
        PyErr_Format(PyExc_TypeError, "%s: array %d has format %s: %s is needed", self->kind->name, at,
                     view->format ? view->format : "B", format->name);
        return -1;
    }
    *count = view->len / view->itemsize;
    *pointer = view->buf;
    return 0;
}

static int hold_part(Bound *self, const struct kind *wanted, PyObject *part, void **pointer)
{
    /* Made by the same module, so that its dealloc tells one of ours from any other object. */
    PyTypeObject *of = Py_TYPE(part);
    if (PyType_GetSlot(of, Py_tp_dealloc) != (void *)bound_dealloc || ((Bound *)part)->kind != wanted) {
        PyErr_Format(PyExc_TypeError, "%s: a %s is needed, not %R", self->kind->name, wanted->name, (PyObject *)of);
        return -1;
    }
    PyObject **slot = self->parts[0] ? &self->parts[1] : &self->parts[0];
    Py_INCREF(part);
    *slot = part;
    *pointer = &((Bound *)part)->state;
    return 0;
}

static int fill(Bound *self, PyObject *arguments)
{
    const struct kind *kind = self->kind;
    const int arrays = (int)strlen(kind->arrays);
    if (expect_arguments(kind->name, PyTuple_Size(arguments), kind->sizes + arrays)) return -1;
    char *state = (char *)&self->state;
    for (int i = 0; i < kind->sizes; i++) {
        long size;
        if (whole_number(PyTuple_GetItem(arguments, i), "size", 1, MOST_SIZE, &size)) return -1;
        memcpy(state + (size_t)i * sizeof(long), &size, sizeof size);
    }
    Py_ssize_t have[MOST_ARRAYS] = {0};
    for (int i = 0; i < arrays; i++) {
        PyObject *array = PyTuple_GetItem(arguments, kind->sizes + i);
        const char letter = kind->arrays[i];
        void *pointer = NULL;
        const int failed = letter == 't'   ? hold_part(self, &kinds[TRANSFORM], array, &pointer)
                           : letter == 'b' ? hold_part(self, &kinds[BANDS], array, &pointer)
                                           : hold_array(self, letter, array, i, &have[i], &pointer);
        if (failed) return -1;
        memcpy(state + kind->arrays_at + (size_t)i * sizeof(void *), &pointer, sizeof pointer);
    }
    struct fit fit = {have, 0, NULL, 0, 0};
    const char *wrong = kind->check(state, &fit);
    if (fit.name)
        PyErr_Format(PyExc_ValueError, "%s: %s has %zd values: %zd are needed", kind->name, fit.name, fit.found,
                     fit.needed);
    else if (wrong)
        PyErr_Format(PyExc_ValueError, "%s: %s", kind->name, wrong);
    return fit.name || wrong ? -1 : 0;
}

PyObject *bound_new(PyTypeObject *type, PyObject *arguments, const struct kind *kind)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Bound *self = (Bound *)allocate(type, 0);
    if (!self) return NULL;
    self->kind = kind;
    if (fill(self, arguments)) {
        Py_DECREF((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

void bound_dealloc(PyObject *object)
{
    Bound *self = (Bound *)object;
    PyTypeObject *type = Py_TYPE(object);
    for (int i = 0; i < self->held; i++) PyBuffer_Release(&self->views[i]);
    Py_XDECREF(self->parts[0]);
    Py_XDECREF(self->parts[1]);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF((PyObject *)type);
}

int expect_arguments(const char *name, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted) return 0;
    PyErr_Format(PyExc_TypeError, "%s: %zd arguments: %zd are needed", name, given, wanted);
    return -1;
}

int whole_number(PyObject *from, const char *name, long lowest, long highest, long *into)
{
    *into = PyLong_AsLong(from);
    if (*into == -1 && PyErr_Occurred()) return -1;
    if (lowest <= *into && *into <= highest) return 0;
    PyErr_Format(PyExc_ValueError, "%s = %ld: allowed %ld to %ld", name, *into, lowest, highest);
    return -1;
}

int number(PyObject *from, double *into)
{
    *into = PyFloat_AsDouble(from);
    return *into == -1.0 && PyErr_Occurred() ? -1 : 0;
}

int get_rows(PyObject *from, const char *name, long frames, long channels, int writes, Py_buffer *view, struct rows *into)
{
    const Py_ssize_t size = sizeof(float);
    if (PyObject_GetBuffer(from, view, PyBUF_STRIDES | (writes ? PyBUF_WRITABLE : 0))) return -1;
    if (view->ndim != 2 || view->itemsize != size || view->strides[0] % size || view->strides[1] % size ||
        (uintptr_t)view->buf % (uintptr_t)size) {
        PyErr_Format(PyExc_TypeError, "%s: float32 of shape (frames, channels) is needed", name);
    } else if ((frames != ANY && view->shape[0] != frames) || (channels != ANY && view->shape[1] != channels)) {
        PyErr_Format(PyExc_ValueError, "%s has shape (%zd, %zd): (%ld, %ld) is needed (-1: any)", name, view->shape[0],
                     view->shape[1], frames, channels);
    } else {
        const struct rows rows = {view->buf, view->shape[0], view->shape[1], view->strides[0] / size,
                                  view->strides[1] / size};
        *into = rows;
        /* Where there is one frame or channel only, the step of it means nothing. */
        if (into->channels == 1) into->channel_step = 1;
        return 0;
    }
    PyBuffer_Release(view);
    return -1;
}

int get_flat(PyObject *from, const char *name, Py_ssize_t bytes, int writes, Py_buffer *view)
{
    if (PyObject_GetBuffer(from, view, PyBUF_SIMPLE | (writes ? PyBUF_WRITABLE : 0))) return -1;
    if (bytes == ANY || view->len == bytes) return 0;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes: %zd are needed", name, view->len, bytes);
    PyBuffer_Release(view);
    return -1;
}
