/* The methods of what learns leak: what blocks.c is for others. */
#include "bind.h"

/* Some of the partitions, and where the newest spectrum lies in the ring. */
static int some_partitions(PyObject *const *a, long partitions, long *first, long *last, long *newest)
{
    return whole_number(a[0], "first", 0, partitions, first) || whole_number(a[1], "last", 0, partitions, last) ||
           whole_number(a[2], "newest", 0, LAST_POSITION(partitions), newest);
}

METHOD(paths_sum_method)
{
    STATE(paths);
    Py_buffer v[1];
    long first, last, newest;
    if (expect_arguments("sum", n, 4) || some_partitions(a, s->partitions, &first, &last, &newest) ||
        get_flat(a[3], "out", 2 * s->bins * (Py_ssize_t)sizeof(float), 1, v))
        return NULL;
    paths_sum(s, first, last, newest, v[0].buf);
    return done(v, 1, nothing());
}

METHOD(learner_foresee_method)
{
    STATE(learner);
    long first, last, newest;
    double kept, found;
    if (expect_arguments("foresee", n, 5) || some_partitions(a, s->partitions, &first, &last, &newest) ||
        number(a[3], &kept) || number(a[4], &found))
        return NULL;
    learner_foresee(s, first, last, newest, (float)kept, (float)found);
    return nothing();
}

METHOD(learner_learn_method)
{
    STATE(learner);
    long first, last, newest;
    if (expect_arguments("learn", n, 3) || some_partitions(a, s->partitions, &first, &last, &newest)) return NULL;
    learner_learn(s, first, last, newest);
    return nothing();
}

METHOD(learner_judge_method)
{
    STATE(learner);
    long newest, believed;
    double voice_memory, gap_memory, faint;
    if (expect_arguments("judge", n, 5) || whole_number(a[0], "newest", 0, LAST_POSITION(s->partitions), &newest) ||
        whole_number(a[1], "believed", 0, 1, &believed) || number(a[2], &voice_memory) || number(a[3], &gap_memory) ||
        number(a[4], &faint))
        return NULL;
    const struct leak_rules rules = {(float)voice_memory, (float)gap_memory, (float)faint, (int)believed};
    learner_judge(s, newest, &rules);
    return nothing();
}

METHOD(learner_weigh_method)
{
    STATE(learner);
    (void)a;
    if (expect_arguments("weigh", n, 0)) return NULL;
    learner_weigh(s);
    return nothing();
}

METHOD(learner_hold_method)
{
    STATE(learner);
    long p;
    if (expect_arguments("hold", n, 1) || whole_number(a[0], "p", 0, LAST_POSITION(s->partitions), &p)) return NULL;
    return PyLong_FromLong(learner_hold(s, p));
}

/* `frames` from `at` on have to lie in one block of the step. */
static int within_block(const char *name, long at, long frames, long block)
{
    if (at % block + frames <= block) return 0;
    PyErr_Format(PyExc_ValueError, "%s has %ld frames: allowed %ld at most", name, frames, block - at % block);
    return -1;
}

METHOD(leak_head_foresee_method)
{
    STATE(leak_head);
    Py_buffer v[1];
    long at, newest;
    if (expect_arguments("foresee", n, 3) || whole_number(a[1], "at", 0, LAST_POSITION(s->step), &at) ||
        whole_number(a[2], "newest", 0, LAST_POSITION(s->partitions), &newest) || get_flat(a[0], "sound", ANY, 0, v))
        return NULL;
    const long frames = (long)(v[0].len / (Py_ssize_t)sizeof(float));
    if (within_block("sound", at, frames, s->transform->frames / 2)) return done(v, 1, NULL);
    leak_head_foresee(s, v[0].buf, frames, at, newest);
    return done(v, 1, nothing());
}

METHOD(leak_music_take_method)
{
    STATE(leak_music);
    Py_buffer v[1];
    struct rows music;
    long at, newest;
    if (expect_arguments("take", n, 3) || whole_number(a[1], "at", 0, LAST_POSITION(s->step), &at) ||
        whole_number(a[2], "newest", 0, LAST_POSITION(s->partitions), &newest) ||
        get_rows(a[0], "music", ANY, ANY, 0, v, &music))
        return NULL;
    if (within_block("music", at, music.frames, s->transform->frames / 2)) return done(v, 1, NULL);
    if (music.channels < s->columns) {
        PyErr_Format(PyExc_ValueError, "music has %ld columns: allowed %ld or more", music.channels, s->columns);
        return done(v, 1, NULL);
    }
    leak_music_take(s, music, at, newest);
    return done(v, 1, nothing());
}

PyMethodDef paths_methods[] = {CALL("sum", paths_sum_method), END};
PyMethodDef learner_methods[] = {CALL("foresee", learner_foresee_method), CALL("judge", learner_judge_method),
                                 CALL("weigh", learner_weigh_method), CALL("learn", learner_learn_method),
                                 CALL("hold", learner_hold_method), END};
PyMethodDef leak_head_methods[] = {CALL("foresee", leak_head_foresee_method), END};
PyMethodDef leak_music_methods[] = {CALL("take", leak_music_take_method), END};
