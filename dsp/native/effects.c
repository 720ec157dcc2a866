/* The methods of filters and effects; blocks.c has those of what moves and measures blocks. */
#include "bind.h"

METHOD(biquads_process_method)
{
    STATE(biquads);
    Py_buffer v[1];
    struct rows block;
    if (expect_arguments("process", n, 1) || get_rows(a[0], "block", ANY, s->channels, 1, v, &block)) return NULL;
    biquads_process(s, block);
    return done(v, 1, nothing());
}

PyMethodDef biquads_methods[] = {CALL("process", biquads_process_method), END};
