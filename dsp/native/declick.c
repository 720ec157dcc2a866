/* Clicks are found by what a frame's past did not foretell, and filled in from both sides: dsp.restore.declick. */
#include "hop.h"

#include <math.h>
#include <string.h>

INLINED float loudest_of(const float *e, long from, long to)
{
    float most = 0.0f;
    for (long i = from; i < to; i++) most = larger_f(fabsf(e[i]), most);
    return most;
}

/* The error where the frame x[0] is told by those behind it. */
static float from_behind(const double *a, long order, const float *x)
{
    double sum = 0.0;
    for (long k = 0; k <= order; k++) sum += a[k] * (double)x[k];
    return (float)fabs(sum);
}

/* Try to mend what begins at `from`, in the sound x; e: its errors. Return the frame behind it, or 0 where it is no
 * click and nothing was changed.
 */
static long mend_one(const struct declick *s, long channel, float *x, float *e, long from, float peak, float own, long *fills)
{
    const struct declick_rules *r = s->rules;
    const long order = s->order, end = s->past + s->hop + s->ahead, first = s->past;
    const double *a = s->a + channel * (order + 1);
    double *band = s->band + channel * s->longest * (order + 1);
    const long ready = s->factored[channel];
    long factored = ready > 0 ? smaller(ready, s->longest) : 0;
    const float edge = larger_f(own * (float)r->own_edge, peak * (float)r->edge);
    long start = from, stop = from + 1;
    while (start > first && start > from - s->rise && fabsf(e[start - 1]) > edge) start--;
    start = start > first ? start - 1 : start;
    const long latest = smaller(start + s->longest, end - order);
    for (long i = from + 1; i < latest && i - stop < s->pause; i++)
        if (from_behind(a, order, x + i) > edge) stop = i + 1;
    stop = smaller(stop + s->margin, latest);
    const float allowed = larger_f(own * (float)r->calm_after, peak * (float)r->left);
    for (double longer = r->longer; *fills > 0; longer *= r->growth) {
        --*fills;
        const long count = stop - start;
        for (long i = 0; i < count; i++) s->at[i] = (int32_t)(start + i);
        if (factored < count) {
            predict_factor(a, order, r->floor, s->at, factored, count, band);
            s->factored[channel] = (int32_t)(factored = count);
        }
        predict_fill(x, a, order, s->at, count, band, s->told);
        double taken = 0.0, bends = 0.0, last = 0.0;
        for (long i = 0; i < count; i++) {
            const double gone = (double)x[start + i] - s->told[i];
            s->kept[i] = x[start + i];
            x[start + i] = (float)s->told[i];
            taken += gone * gone;
            bends += (gone - last) * (gone - last);
            last = gone;
        }
        bends += last * last;
        const long until = smaller(stop + order + s->after, end);
        predict_errors(x + start, a, order, until - start, s->fresh);
        const long near = smaller(count + order, until - start);
        const float left = loudest_of(s->fresh, 0, near), later = loudest_of(s->fresh, near, until - start);
        if (left <= own * (float)r->calm && later <= allowed && bends >= r->bends * taken) {
            memcpy(e + start, s->fresh, (size_t)(until - start) * sizeof(float));
            s->tally[0] += taken;
            s->tally[1] += 1.0;
            return stop;
        }
        memcpy(x + start, s->kept, (size_t)count * sizeof(float));
        if (stop == latest) break;
        /* Whatever the rules say, it grows. */
        stop = smaller(stop + (longer < 1.0 ? 1 : longer < (double)s->longest ? (long)longer : s->longest), latest);
    }
    return 0;
}

static void work_on(const struct declick *s, long channel, long turn)
{
    const struct declick_rules *r = s->rules;
    const long order = s->order, first = s->past, last = first + s->hop, end = last + s->ahead;
    float *x = s->sound + channel * end, *peaks = s->peaks + channel * s->peaks_kept, *e = s->errors;
    double *a = s->a + channel * (order + 1);
    if (turn % s->learn_every == 0) {
        predict_learn(x + first - s->window_frames, s->window, s->window_frames, order, r->floor, s->work, a);
        s->factored[channel] = 0;
    }
    predict_errors(x + first, a, order, end - first, e + first);
    const float own = larger_f(loudest_of(peaks, 0, s->peaks_kept), (float)r->faintest);
    const float limit = own * (float)r->factor;
    long from = first;
    for (long fills = s->fills; fills > 0;) {
        while (from < last && !(fabsf(e[from]) > limit)) from++;
        if (from >= last) break;
        const float peak = loudest_of(e, from, smaller(from + order, end));
        const long behind = mend_one(s, channel, x, e, from, peak, own, &fills);
        from = behind ? behind : from + order;
    }
    peaks[turn % s->peaks_kept] = loudest_of(e, first, last);
}

static void hop_whole(const struct declick *s)
{
    const long end = s->past + s->hop + s->ahead, keep = end - s->hop, turns = s->learn_every * s->peaks_kept;
    const long turn = *s->turn >= 0 && *s->turn < turns ? *s->turn : 0;
    for (long c = 0; c < s->channels; c++) {
        float *x = s->sound + c * end;
        memmove(x, x + s->hop, (size_t)keep * sizeof(float));
        for (long i = 0; i < s->hop; i++) x[keep + i] = s->inlet[i * s->channels + c];
        work_on(s, c, turn);
        for (long i = 0; i < s->hop; i++) s->outlet[i * s->channels + c] = x[s->past + i];
    }
    *s->turn = (int32_t)((turn + 1) % turns);
}

/* Take the block, of which `done` frames of a hop are known before; put the sound of past + ... ago in its place. */
long declick_process(const struct declick *s, struct rows block, long done)
{
    for (long i = 0; i < block.frames; i++) {
        float *frame = block.at + i * block.frame_step;
        for (long c = 0; c < s->channels; c++) {
            float *in = s->inlet + done * s->channels + c, *out = s->outlet + done * s->channels + c;
            *in = frame[c * block.channel_step];
            frame[c * block.channel_step] = *out;
        }
        if (++done == s->hop) {
            hop_whole(s);
            done = 0;
        }
    }
    return done;
}
