/* The methods of what moves, measures and filters blocks; module.c has those of spectra, and the types. */
#include "bind.h"

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

PyMethodDef ring_methods[] = {
    CALL("write", ring_write_method), CALL("read", ring_read_method), CALL("delay", ring_delay_method), END};
PyMethodDef past_methods[] = {CALL("remember", past_remember_method), END};
PyMethodDef meter_methods[] = {
    CALL("add", meter_add_method), CALL("mend_and_add", meter_mend_and_add_method), END};
PyMethodDef wire_methods[] = {CALL("decode", wire_decode_method), CALL("encode", wire_encode_method), END};

PyMethodDef rumble_methods[] = {CALL("follow", rumble_follow_method), END};
PyMethodDef hold_methods[] = {CALL("begin", hold_begin_method), CALL("finish", hold_finish_method), END};
PyMethodDef fir_methods[] = {CALL("process", fir_process_method), END};
