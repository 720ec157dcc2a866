/* The methods of filters and effects; blocks.c has those of what moves and measures blocks. */
#include "bind.h"

/* A function that calls.c lists. */
#define EFFECT(name) PyObject *name(PyObject *self, PyObject *const *a, Py_ssize_t n)

METHOD(biquads_process_method)
{
    STATE(biquads);
    Py_buffer v[1];
    struct rows block;
    if (expect_arguments("process", n, 1) || get_rows(a[0], "block", ANY, s->channels, 1, v, &block)) return NULL;
    biquads_process(s, block);
    return done(v, 1, nothing());
}

EFFECT(compress_function)
{
    (void)self;
    Py_buffer v[3];
    struct rows block, key;
    if (expect_arguments("compress", n, 3) || get_rows(a[0], "block", ANY, ANY, 1, &v[0], &block)) return NULL;
    if (get_rows(a[1], "key", block.frames, block.channels, 0, &v[1], &key)) return done(v, 1, NULL);
    if (get_flat(a[2], "numbers", sizeof(struct compressor), 1, &v[2])) return done(v, 2, NULL);
    struct compressor *s = v[2].buf;
    if (!(s->done >= 0.0 && s->done < COMPRESSOR_STEP)) s->done = 0.0;
    compress(block, key, s);
    return done(v, 3, nothing());
}

EFFECT(shape_transients_function)
{
    (void)self;
    Py_buffer v[2];
    struct rows block;
    if (expect_arguments("shape_transients", n, 2) || get_rows(a[0], "block", ANY, ANY, 1, &v[0], &block)) return NULL;
    if (get_flat(a[1], "numbers", sizeof(struct transient), 1, &v[1])) return done(v, 1, NULL);
    shape_transients(block, v[1].buf);
    return done(v, 2, nothing());
}

EFFECT(automix_function)
{
    (void)self;
    Py_buffer v[2];
    struct rows block;
    if (expect_arguments("automix", n, 2) || get_rows(a[0], "block", ANY, ANY, 1, &v[0], &block)) return NULL;
    if (block.channels < 1 || block.channels > AUTOMIX_MOST) {
        PyErr_Format(PyExc_ValueError, "block has %ld channels: allowed 1 to %d", block.channels, AUTOMIX_MOST);
        return done(v, 1, NULL);
    }
    if (get_flat(a[1], "numbers", sizeof(struct automix), 1, &v[1])) return done(v, 1, NULL);
    struct automix *s = v[1].buf;
    if (!(s->done >= 0.0 && s->done < AUTOMIX_STEP)) s->done = 0.0;
    automix(block, s);
    return done(v, 2, nothing());
}

EFFECT(limit_true_function)
{
    (void)self;
    Py_buffer v[6];
    struct rows block;
    double rise, loudest;
    if (expect_arguments("limit_true", n, 8) || number(a[6], &rise) || number(a[7], &loudest) ||
        get_rows(a[0], "block", ANY, ANY, 1, &v[0], &block))
        return NULL;
    const Py_ssize_t one = (Py_ssize_t)sizeof(float), exact = (Py_ssize_t)sizeof(double);
    if (get_flat(a[1], "taps", PEAK_BETWEEN * PEAK_TAPS * one, 0, &v[1])) return done(v, 1, NULL);
    if (get_flat(a[2], "smooth", PEAK_SMOOTH * exact, 0, &v[2])) return done(v, 2, NULL);
    if (get_flat(a[4], "needs", ANY, 1, &v[3])) return done(v, 3, NULL);
    const long most = (long)(v[3].len / exact) - (PEAK_SMOOTH - 1);
    if (block.frames < 1 || block.channels < 1 || block.frames > most) {
        PyErr_Format(PyExc_ValueError, "block has %ld frames: allowed 1 to %ld", block.frames, most);
        return done(v, 4, NULL);
    }
    if (get_flat(a[3], "past", block.channels * (PEAK_HISTORY + most) * one, 1, &v[4])) return done(v, 4, NULL);
    if (get_flat(a[5], "numbers", sizeof(struct true_peak), 1, &v[5])) return done(v, 5, NULL);
    struct true_peak *s = v[5].buf;
    if (!(s->done >= 0.0 && s->done < PEAK_STEP)) s->done = 0.0;
    if (!(s->at >= 0.0 && s->at < PEAK_HELD)) s->at = 0.0;
    const struct peak_arrays arrays = {v[1].buf, v[2].buf, v[4].buf, v[3].buf, most, (float)rise, (float)loudest};
    limit_true(block, &arrays, s);
    return done(v, 6, nothing());
}

PyMethodDef biquads_methods[] = {CALL("process", biquads_process_method), END};
