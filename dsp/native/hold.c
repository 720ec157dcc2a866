/* The two ends of the live denoiser's hop: dsp.denoise.hop_ends. */
#include "hop.h"

#include <math.h>

static struct rows half(const struct hold *s, long turn)
{
    const struct rows rows = {s->exact + turn * s->hop * s->channels, s->hop, s->channels, s->channels, 1};
    return rows;
}

/* Keep the hop as it comes in, mended, and its peak. Return how many samples were broken. */
long hold_begin(const struct hold *s, struct rows hop, long turn, long at, float loudest)
{
    const struct rows now = half(s, turn);
    copy_rows(hop, now);
    const long broken = mend(now, loudest);
    s->peaks[at] = peak(now);
    return broken;
}

/* Limit `wet` to the input's peak, times `rise` and at least `quietest`, then blend it with the exact hop before. Return the limiter's reduction. */
double hold_finish(const struct hold *s, struct rows wet, struct rows out, long turn, double rise, double quietest,
                   double reduction, double fall, float loudest, long blend)
{
    const struct rows dry = half(s, 1 - turn);
    double ceiling = 0.0;
    for (long i = 0; i < s->peaks_kept; i++) ceiling = (double)s->peaks[i] > ceiling ? (double)s->peaks[i] : ceiling;
    ceiling = ceiling * rise > quietest ? ceiling * rise : quietest;
    reduction = limit(wet, (float)ceiling, reduction, fall, loudest);
    if (blend == CROSSFADE) crossfade(wet, dry, s->share);
    copy_rows(blend == ALL_DRY ? dry : wet, out);
    return reduction;
}
