# The one style of every chart. A mode has the same line type in all of them (style.def says which).
#
# Seven hues that the colour-blind can tell apart (after Okabe and Ito, darkened to a contrast of 3:1 on white), one for each
# family of modes; the second member of a family is dashed and has an open point, so that print without colour works, too.
# The page gives the same colours brighter values on a dark ground: page.css, --rgb-*.

reset session
set encoding utf8
set termoption noenhanced

set linetype  1 lc rgb "#5f6368" lw 2 dt 1       pt 5  ps 0.7
set linetype  2 lc rgb "#5f6368" lw 2 dt (8,4)   pt 4  ps 0.7
set linetype  3 lc rgb "#c77f00" lw 2 dt 1       pt 7  ps 0.7
set linetype  4 lc rgb "#c77f00" lw 2 dt (8,4)   pt 6  ps 0.7
set linetype  5 lc rgb "#0060a8" lw 2 dt 1       pt 9  ps 0.8
set linetype  6 lc rgb "#0060a8" lw 2 dt (8,4)   pt 8  ps 0.8
set linetype  7 lc rgb "#3a9bd9" lw 2 dt 1       pt 11 ps 0.8
set linetype  8 lc rgb "#3a9bd9" lw 2 dt (8,4)   pt 10 ps 0.8
set linetype  9 lc rgb "#d1480f" lw 2 dt 1       pt 13 ps 0.9
set linetype 10 lc rgb "#d1480f" lw 2 dt (8,4)   pt 12 ps 0.9
set linetype 11 lc rgb "#c2609b" lw 2 dt 1       pt 5  ps 0.7
set linetype 12 lc rgb "#c2609b" lw 2 dt (8,4)   pt 4  ps 0.7
set linetype 13 lc rgb "#008f68" lw 2 dt 1       pt 7  ps 0.7
set linetype 14 lc rgb "#008f68" lw 2 dt (8,4)   pt 6  ps 0.7
# Servers of others: thin and dotted, in the same hues.
set linetype 15 lc rgb "#5f6368" lw 1.5 dt (2,3) pt 1  ps 0.8
set linetype 16 lc rgb "#c77f00" lw 1.5 dt (2,3) pt 2  ps 0.8
set linetype 17 lc rgb "#0060a8" lw 1.5 dt (2,3) pt 3  ps 0.8
set linetype 18 lc rgb "#d1480f" lw 1.5 dt (2,3) pt 1  ps 0.8
set linetype 19 lc rgb "#c2609b" lw 1.5 dt (2,3) pt 2  ps 0.8
set linetype 20 lc rgb "#008f68" lw 1.5 dt (2,3) pt 3  ps 0.8
set linetype cycle 20

set border 3 lc rgb "#80868b" lw 1
set tics nomirror out scale 0.5 textcolor rgb "black"
set grid back lc rgb "#dadce0" lw 0.7 dt 1
set style fill solid 0.85 noborder
set key outside right center vertical Left reverse noopaque samplen 2.5 spacing 1.1 maxrows 40 maxcols 1
set title font ",15" offset 0,-0.2
set bars 0.6

# Light is fast, dark is slow: one hue from pale to deep, which print and every eye can order.
set palette defined (0 "#fdf3d8", 0.25 "#f3c06b", 0.5 "#d9772b", 0.75 "#a03a1f", 1 "#4a1414")

# Durations on a log axis: 1, 2, 5, 10 ... from a microsecond to a minute, as "200 us" and "5 ms". Values are in seconds.
duration = '%.0s %cs'
duration_tics(axis) = "set ".axis."tics (1e-6,2e-6,5e-6,1e-5,2e-5,5e-5,1e-4,2e-4,5e-4,1e-3,2e-3,5e-3,.01,.02,.05,.1,.2,.5,1,2,5,10,20,50)"
# The same for an axis that is short of room: powers of ten only.
duration_decades(axis) = "set ".axis."tics (1e-6,1e-5,1e-4,1e-3,.01,.1,1,10)"

# The two outputs of a chart of so many points of height; a PNG has twice the points.
svg(height) = sprintf("set terminal svg size 760,%d dynamic font 'DejaVu Sans,13' background '#ffffff'", height)
png(height) = sprintf("set terminal pngcairo size 1520,%d font 'DejaVu Sans,13' fontscale 1.5 linewidth 2 pointscale 2 background '#ffffff'", 2 * height)
