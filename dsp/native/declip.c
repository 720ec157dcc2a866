/* Flat tops of clipped peaks are found and rebuilt from what is around them: dsp.restore.declip. */
#include "hop.h"

#include <math.h>
#include <string.h>

/* Of one channel and one side (above, below zero): the level of its flat tops, and how many have shown it. */
struct side { double level, seen; };
/* Of one channel: the flat top that may be under way, with the step up to it, and the sample before. */
struct looked { struct side side[2]; double top, run, low, high, step, before; };

static void shown(struct side *side, double level, double alike)
{
    if (side->seen > 0.0 && fabs(level - side->level) <= alike * side->level) {
        side->seen = side->seen < 8.0 ? side->seen + 1.0 : 8.0;
        side->level = level > side->level ? level : side->level;
    } else if (side->seen == 0.0 || level > side->level) {
        side->seen = 1.0;
        side->level = level;
    }
}

/* A top is flat where the steps up to it and down from it foretell more than its own unevenness. */
static void look(const struct declip_rules *r, struct looked *l, const float *x, long count)
{
    for (long i = 0; i < count; i++) {
        const double now = (double)x[i], size = fabs(now), sign = now < 0.0 ? -1.0 : 1.0;
        struct side *side = &l->side[now < 0.0];
        if (size > side->level * r->beyond) side->seen = 0.0;
        if (l->run > 0.0 && now * l->before > 0.0 && fabs(size - l->top) <= r->even * l->top) {
            l->run += 1.0;
            l->low = size < l->low ? size : l->low;
            l->high = size > l->high ? size : l->high;
        } else {
            const double was = l->before < 0.0 ? -1.0 : 1.0, down = (l->before - now) * was;
            double uneven = l->high - l->low;
            uneven = uneven > r->grain ? uneven : r->grain;
            if (l->run >= 3.0 && l->step > 0.0 && down > 0.0 && l->high >= r->quietest &&
                l->run * (l->step + down) > 8.0 * r->sharper * uneven)
                shown(&l->side[l->before < 0.0], l->high, r->alike);
            l->run = 1.0;
            l->top = l->low = l->high = size;
            l->step = (now - l->before) * sign;
        }
        l->before = now;
    }
}

static int is_clipped(const struct declip_rules *r, const struct looked *l, float x)
{
    const double size = fabs((double)x);
    if (r->threshold > 0.0) return size >= r->threshold;
    const struct side *side = &l->side[x < 0.0f];
    return (side->seen >= 2.0 || (side->seen >= 1.0 && side->level >= r->full)) && size >= side->level * r->near;
}

/* Rebuild what is clipped in the hop under way; what is clipped behind it is unknown, too, as far as it can be seen. */
static void rebuild(const struct declip *s, long channel)
{
    const struct declip_rules *r = s->rules;
    const long first = s->past, last = first + s->hop, end = last + s->ahead - s->order;
    float *x = s->sound + channel * (last + s->ahead);
    struct looked *l = (struct looked *)s->looked + channel;
    long count = 0, wanted = 0;
    for (long i = first; i < last && count < s->most; i++)
        if (is_clipped(r, l, x[i])) s->at[count++] = (int32_t)i;
    if (!(wanted = count)) return;
    for (long i = last; i < end && count < s->most; i++)
        if (is_clipped(r, l, x[i])) s->at[count++] = (int32_t)i;
    predict_learn(x + first - s->window_frames, s->window, s->window_frames, s->order, r->floor, s->work, s->a);
    predict_factor(s->a, s->order, r->floor, s->at, 0, count, s->band);
    predict_fill(x, s->a, s->order, s->at, count, s->band, s->told);
    for (long i = 0; i < wanted; i++) {
        const double was = (double)x[s->at[i]], sign = was < 0.0 ? -1.0 : 1.0, size = was * sign;
        double told = s->told[i] * sign;
        told = told < size * r->highest ? told : size * r->highest;
        if (!(told > size)) continue; /* never below what was there */
        x[s->at[i]] = (float)(told * sign);
        s->tally[0] += told * told - size * size;
    }
    s->tally[1] += (double)wanted;
}

static void hop_whole(const struct declip *s)
{
    const struct declip_rules *r = s->rules;
    const long end = s->past + s->hop + s->ahead, keep = end - s->hop;
    double loudest = 0.0;
    for (long c = 0; c < s->channels; c++) {
        float *x = s->sound + c * end;
        const double before = s->tally[1];
        memmove(x, x + s->hop, (size_t)keep * sizeof(float));
        for (long i = 0; i < s->hop; i++) x[keep + i] = s->inlet[i * s->channels + c];
        if (!(r->threshold > 0.0)) look(r, (struct looked *)s->looked + c, x + keep, s->hop);
        rebuild(s, c);
        if (s->tally[1] > before)
            for (long i = s->past; i < s->past + s->hop; i++) {
                const double size = fabs((double)x[i]);
                loudest = size > loudest ? size : loudest;
            }
    }
    /* The hop before this one leaves; where it ends, there has to be room for both. */
    const double need = loudest > 1.0 ? 1.0 / loudest : 1.0, start = s->room[0];
    double goal = start * r->rise;
    goal = goal < need ? goal : need;
    goal = goal < s->room[1] ? goal : s->room[1];
    const double step = (goal - start) / (double)s->hop;
    for (long c = 0; c < s->channels; c++) {
        const float *x = s->sound + c * end + s->past - s->hop;
        float *out = s->outlet + c;
        if (start == 1.0 && goal == 1.0)
            for (long i = 0; i < s->hop; i++) out[i * s->channels] = x[i];
        else
            for (long i = 0; i < s->hop; i++) out[i * s->channels] = (float)((double)x[i] * (start + step * (double)(i + 1)));
    }
    s->room[0] = goal;
    s->room[1] = need;
}

long declip_process(const struct declip *s, struct rows block, long done)
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
