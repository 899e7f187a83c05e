# `gnuplot waiting.sessions.gp` draws this chart from waiting.sessions.dat.
load 'style.gp'
eval svg(514)
set output 'waiting.sessions.svg'
set title 'Service and response time, p99'."\n".'200 clients a second that connect, talk ten times and end'
set xlabel '99th percentile (log scale), all requests of 3 trials'
set logscale x
set format x duration
eval duration_tics('x')
set xrange [0.0001111:0.002157]
set bmargin 6
set yrange [0.4:14.6]
set grid xtics noytics
set ytics scale 0
set border 1
set key outside bottom center horizontal maxcols 2 maxrows 1
plot 'waiting.sessions.dat' using 3:1:($4-$3):(0):2:yticlabels(5) with vectors nohead lw 2 lc variable notitle, \
     '' using 3:1:2 with points pt 6 ps 1 lw 1.5 lc variable notitle, \
     '' using 4:1:2 with points pt 7 ps 1.1 lc variable notitle, \
     '' using 4:1:6 with labels hypertext point pt 5 ps 1.5 lc rgb '#ff000000' notitle, \
     NaN with points pt 6 ps 1 lc rgb 'black' title 'service: from the real send', \
     NaN with points pt 7 ps 1.1 lc rgb 'black' title 'response: from the planned send'
eval png(514)
set output 'waiting.sessions.png'
replot
