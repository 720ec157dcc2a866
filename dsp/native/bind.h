/* How Python objects hold the state of a subject, and how arguments become blocks and arrays. */
#ifndef HUSHBOX_BIND_H
#define HUSHBOX_BIND_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and later */
#include <Python.h>

#include "hop.h"

#define ANY (-1)
#define MOST_ARRAYS 20
#define MOST_SIZE (1 << 20)

struct ring { long size, channels; float *at; };
struct past { long length, channels; float *at; };
struct levels { long channels; double *sums; };

/* What the arrays of a subject must hold, told one after the other in the order in which they were given. */
struct fit { const Py_ssize_t *have; int next; const char *name; Py_ssize_t needed, found; };
int holds(struct fit *fit, const char *name, Py_ssize_t needed);

/* A subject: its struct begins with `sizes` longs, then comes a pointer for each letter of `arrays`:
 * f float32, c complex64, d float64, i int32, t a Transform, b a Bands. */
struct kind {
    const char *name;
    size_t arrays_at;
    int sizes;
    const char *arrays;
    /* Tell every array with holds(); return what is wrong with the sizes or the indices, or NULL. */
    const char *(*check)(const void *state, struct fit *fit);
};

union state {
    struct transform transform;
    struct bands bands;
    struct stft stft;
    struct denoise denoise;
    struct sides sides;
    struct stems stems;
    struct ring ring;
    struct past past;
    struct levels levels; /* Meter */
    struct wire wire;
    struct rumble rumble;
    struct hold hold;
    struct fir fir;
    struct biquads biquads;
    struct late late;
    struct paths paths;
    struct learner learner;
    struct declick declick;
    struct declip declip;
    struct leak_head leak_head;
    struct leak_music leak_music;
};

typedef struct {
    PyObject_HEAD
    const struct kind *kind;
    int held;
    Py_buffer views[MOST_ARRAYS];
    PyObject *parts[2];
    union state state;
} Bound;

extern const struct kind kinds[];
enum { TRANSFORM, BANDS, STFT, DENOISE, SIDES, STEMS, RING, PAST, METER, WIRE, RUMBLE, HOLD, FIR, BIQUADS,
       LATE, PATHS, LEARNER, DECLICK, DECLIP, LEAK_HEAD, LEAK_MUSIC, KINDS };

PyObject *bound_new(PyTypeObject *type, PyObject *arguments, const struct kind *kind);
void bound_dealloc(PyObject *self);

/* All return 0, or -1 with ValueError or TypeError set. */
int expect_arguments(const char *name, Py_ssize_t given, Py_ssize_t wanted);
int whole_number(PyObject *from, const char *name, long lowest, long highest, long *into);
int number(PyObject *from, double *into);
/* The view is released by the caller. channels, frames: as they have to be, or ANY. */
int get_rows(PyObject *from, const char *name, long frames, long channels, int writes, Py_buffer *view, struct rows *into);
/* In one piece, `bytes` long, or ANY. */
int get_flat(PyObject *from, const char *name, Py_ssize_t bytes, int writes, Py_buffer *view);

/* --- how methods and functions are written --- */

#define STATE(type) const struct type *s = &((Bound *)self)->state.type
#define LAST_POSITION(size) ((size) - 1)
#define METHOD(name) static PyObject *name(PyObject *self, PyObject *const *a, Py_ssize_t n)
#define CALL(name, function) {name, (PyCFunction)(void (*)(void))(function), METH_FASTCALL, NULL}
#define END {NULL, NULL, 0, NULL}

extern PyMethodDef functions[]; /* calls.c */
extern PyMethodDef ring_methods[], past_methods[], meter_methods[], wire_methods[], rumble_methods[], hold_methods[],
    fir_methods[]; /* blocks.c */
extern PyMethodDef biquads_methods[]; /* effects.c */
extern PyMethodDef late_methods[];    /* voice.c */
extern PyMethodDef declick_methods[], declip_methods[]; /* repair.c */
PyObject *pops_hear_function(PyObject *self, PyObject *const *a, Py_ssize_t n);
PyObject *period_of_function(PyObject *self, PyObject *const *a, Py_ssize_t n);
PyObject *compress_function(PyObject *self, PyObject *const *a, Py_ssize_t n);
PyObject *shape_transients_function(PyObject *self, PyObject *const *a, Py_ssize_t n);
PyObject *automix_function(PyObject *self, PyObject *const *a, Py_ssize_t n);
PyObject *limit_true_function(PyObject *self, PyObject *const *a, Py_ssize_t n);
extern PyMethodDef paths_methods[], learner_methods[], leak_head_methods[], leak_music_methods[]; /* bleed.c */

/* Release so many views, then return. */
static inline PyObject *done(Py_buffer *views, int count, PyObject *result)
{
    while (count--) PyBuffer_Release(&views[count]);
    return result;
}

static inline PyObject *nothing(void)
{
    Py_INCREF(Py_None);
    return Py_None;
}

#endif
