/* The functions of dsp.native._hop that need no state of their own. */
#include "bind.h"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

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

METHOD(limit_function)
{
    (void)self;
    Py_buffer v[1];
    struct rows block;
    double ceiling, reduction, fall, loudest;
    if (expect_arguments("limit", n, 5) || number(a[1], &ceiling) || number(a[2], &reduction) || number(a[3], &fall) ||
        number(a[4], &loudest) || get_rows(a[0], "block", ANY, ANY, 1, v, &block))
        return NULL;
    return done(v, 1, PyFloat_FromDouble(limit(block, (float)ceiling, reduction, fall, (float)loudest)));
}

METHOD(hold_under_function)
{
    (void)self;
    Py_buffer v[2];
    struct rows wet, input;
    double bound, rise;
    if (expect_arguments("hold_under", n, 4) || number(a[2], &bound) || number(a[3], &rise) ||
        get_rows(a[0], "wet", ANY, ANY, 1, &v[0], &wet))
        return NULL;
    if (get_rows(a[1], "input", wet.frames, wet.channels, 0, &v[1], &input)) return done(v, 1, NULL);
    return done(v, 2, PyFloat_FromDouble((double)hold_under(wet, input, (float)bound, (float)rise)));
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

METHOD(gather_function)
{
    (void)self;
    Py_buffer v[4];
    struct rows block, out;
    if (expect_arguments("gather", n, 4) || get_rows(a[0], "block", ANY, ANY, 0, &v[0], &block)) return NULL;
    const Py_ssize_t width = get_columns(a[1], block.channels, &v[1]);
    if (width < 0) return done(v, 1, NULL);
    if (get_flat(a[2], "count", v[1].len, 0, &v[2])) return done(v, 2, NULL);
    const int32_t *first = v[1].buf, *count = v[2].buf;
    for (Py_ssize_t c = 0; c < width; c++) {
        if (count[c] >= 1 && count[c] <= block.channels - first[c]) continue;
        PyErr_Format(PyExc_ValueError, "count[%zd] = %d: allowed 1 to %ld", c, (int)count[c], block.channels - first[c]);
        return done(v, 3, NULL);
    }
    if (get_rows(a[3], "out", block.frames, (long)width, 1, &v[3], &out)) return done(v, 3, NULL);
    gather(block, first, count, out);
    return done(v, 4, nothing());
}

METHOD(add_columns_function)
{
    (void)self;
    Py_buffer v[3];
    struct rows sound, out;
    long mix, first;
    if (expect_arguments("add_columns", n, 5) || whole_number(a[4], "first", 0, 1, &first) || get_rows(a[0], "sound", ANY, ANY, 0, &v[0], &sound)) return NULL;
    const Py_ssize_t width = get_columns(a[1], sound.channels, &v[1]);
    if (width < 0) return done(v, 1, NULL);
    if (get_rows(a[2], "out", sound.frames, ANY, 1, &v[2], &out)) return done(v, 2, NULL);
    if (whole_number(a[3], "mix", 0, out.channels, &mix)) return done(v, 3, NULL);
    if (first) clear(out);
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

METHOD(lean_function)
{
    (void)self;
    Py_buffer v[1];
    double kept, last;
    if (expect_arguments("lean", n, 3) || number(a[1], &kept) || number(a[2], &last) ||
        get_flat(a[0], "values", ANY, 1, v))
        return NULL;
    return done(v, 1, PyFloat_FromDouble((double)lean(v[0].buf, v[0].len / (long)sizeof(float), (float)kept, (float)last)));
}

PyMethodDef functions[] = {
    CALL("mend", mend_function), CALL("limit", limit_function),
    CALL("take_answer", take_answer_function), CALL("ramp", ramp_function), CALL("scale", scale_function),
    CALL("crossfade", crossfade_function), CALL("pick", pick_function), CALL("add_columns", add_columns_function),
    CALL("hold_under", hold_under_function), CALL("gather", gather_function),
    CALL("flush_denormals", flush_denormals_function),
    CALL("compress", compress_function), CALL("shape_transients", shape_transients_function),
    CALL("limit_true", limit_true_function), CALL("automix", automix_function),
    CALL("lean", lean_function),
    CALL("period_of", period_of_function), CALL("pops_hear", pops_hear_function),
    END};
