/* The methods of what follows a voice. */
#include "bind.h"

METHOD(late_follow_method)
{
    STATE(late);
    Py_buffer v[1];
    long at;
    double floor;
    const Py_ssize_t bytes = 2 * s->channels * s->bins * (Py_ssize_t)sizeof(float);
    if (expect_arguments("follow", n, 3) || whole_number(a[1], "at", 0, LAST_POSITION(s->past_hops), &at) ||
        number(a[2], &floor) || get_flat(a[0], "spectrum", bytes, 0, v))
        return NULL;
    late_follow(s, v[0].buf, at, (float)floor);
    return done(v, 1, nothing());
}

PyMethodDef late_methods[] = {CALL("follow", late_follow_method), END};
