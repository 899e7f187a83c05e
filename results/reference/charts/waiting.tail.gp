# `gnuplot waiting.tail.gp` draws this chart from waiting.tail.dat.
load 'style.gp'
eval svg(514)
set output 'waiting.tail.svg'
set title 'Service and response time, p99: half of the capacity, over 64 clients'
set xlabel '99th percentile (log scale), all requests of 3 trials'
set logscale x
set format x duration
eval duration_decades('x')
set xrange [0.0004078:0.4292]
set bmargin 6
set yrange [0.4:14.6]
set grid xtics noytics
set ytics scale 0
set border 1
set key outside bottom center horizontal maxcols 2 maxrows 1
plot 'waiting.tail.dat' using 3:1:($4-$3):(0):2:yticlabels(5) with vectors nohead lw 2 lc variable notitle, \
     '' using 3:1:2 with points pt 6 ps 1 lw 1.5 lc variable notitle, \
     '' using 4:1:2 with points pt 7 ps 1.1 lc variable notitle, \
     '' using 4:1:6 with labels hypertext point pt 5 ps 1.5 lc rgb '#ff000000' notitle, \
     NaN with points pt 6 ps 1 lc rgb 'black' title 'service: from the real send', \
     NaN with points pt 7 ps 1.1 lc rgb 'black' title 'response: from the planned send'
eval png(514)
set output 'waiting.tail.png'
replot
