/* The methods of the stages that mend: what module.c is for the others. */
#include "bind.h"

METHOD(declick_process_method)
{
    STATE(declick);
    Py_buffer v[1];
    struct rows block;
    long known;
    if (expect_arguments("process", n, 2) || whole_number(a[1], "done", 0, LAST_POSITION(s->hop), &known) ||
        get_rows(a[0], "block", ANY, s->channels, 1, v, &block))
        return NULL;
    return done(v, 1, PyLong_FromLong(declick_process(s, block, known)));
}

METHOD(declip_process_method)
{
    STATE(declip);
    Py_buffer v[1];
    struct rows block;
    long known;
    if (expect_arguments("process", n, 2) || whole_number(a[1], "done", 0, LAST_POSITION(s->hop), &known) ||
        get_rows(a[0], "block", ANY, s->channels, 1, v, &block))
        return NULL;
    return done(v, 1, PyLong_FromLong(declip_process(s, block, known)));
}

PyObject *period_of_function(PyObject *self, PyObject *const *a, Py_ssize_t n)
{
    (void)self;
    Py_buffer v[2];
    long first;
    double clear, nearly;
    const Py_ssize_t size = sizeof(double);
    if (expect_arguments("period_of", n, 5) || number(a[3], &clear) || number(a[4], &nearly) || get_flat(a[0], "sound", ANY, 0, &v[0])) return NULL;
    const long frames = (long)(v[0].len / size);
    if (whole_number(a[1], "first", 1, MOST_SIZE, &first) || get_flat(a[2], "like", ANY, 1, &v[1]))
        return done(v, 1, NULL);
    const double period = period_of(v[0].buf, frames, first, (long)(v[1].len / size), clear, nearly, v[1].buf);
    return done(v, 2, PyFloat_FromDouble(period));
}

PyObject *pops_hear_function(PyObject *self, PyObject *const *a, Py_ssize_t n)
{
    (void)self;
    Py_buffer v[4];
    struct rows block;
    if (expect_arguments("pops_hear", n, 4) || get_rows(a[0], "block", ANY, ANY, 0, &v[0], &block)) return NULL;
    if (get_flat(a[1], "heard", POPS_STEP * (Py_ssize_t)sizeof(float), 1, &v[1])) return done(v, 1, NULL);
    if (get_flat(a[2], "numbers", sizeof(struct pops), 1, &v[2])) return done(v, 2, NULL);
    if (get_flat(a[3], "past", ANY, 1, &v[3])) return done(v, 3, NULL);
    const long kept = (long)(v[3].len / (Py_ssize_t)sizeof(double));
    if (kept < 1) {
        PyErr_SetString(PyExc_ValueError, "past has 0 values: allowed 1 or more");
        return done(v, 4, NULL);
    }
    struct pops *s = v[2].buf;
    if (!(s->done >= 0.0 && s->done < POPS_STEP)) s->done = 0.0;
    s->done = (double)(long)s->done;
    if (!(s->at >= 0.0 && s->at < (double)kept)) s->at = 0.0;
    pops_hear(s, block, v[1].buf, v[3].buf, kept);
    return done(v, 4, PyBool_FromLong(s->pops > 0.0));
}

PyMethodDef declick_methods[] = {CALL("process", declick_process_method), END};
PyMethodDef declip_methods[] = {CALL("process", declip_process_method), END};
