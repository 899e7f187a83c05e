# `gnuplot time.udp.gp` draws this chart from time.udp.dat.
load 'style.gp'
eval svg(494)
set output 'time.udp.svg'
set title 'Response time over the run: 64 UDP clients'
set xlabel 'seconds since the start (3 trials)'
set cblabel '99th percentile of each interval (log scale)' offset 1.5,0
set rmargin 19
set logscale cb
set format cb duration
eval duration_tics('cb')
set xrange [0:0.4]
set yrange [0.4:14.6]
set grid noxtics noytics
set ytics scale 0
set border 1
set nokey
plot 'time.udp.dat' using (($2+$3)/2):1:2:3:($1-0.42):($1+0.42):($4*1e-6):yticlabels(5) with boxxyerror fs solid 1 lc palette, \
     '' using (($2+$3)/2):1:6 with labels hypertext point pt 5 ps 1 lc rgb '#ff000000' notitle
eval png(494)
set output 'time.udp.png'
replot
