# `gnuplot latency.crowd.gp` draws this chart from latency.crowd.dat.
load 'style.gp'
eval svg(474)
set output 'latency.crowd.svg'
set title 'Response time by percentile: 64 lasting clients'
set xlabel 'percentile of the requests of 3 trials'
set ylabel 'response time (log scale)'
set logscale xy
set xtics ('0' 1, '50' 2, '75' 4, '90' 10, '95' 20, '99' 100, '99.9' 1000, '99.99' 10000, '99.999' 100000)
set format y duration
eval duration_tics('y')
set yrange [3.881e-05:0.01438]
plot 'latency.crowd.dat' index 0 using 1:($2*1e-6) with lines lt 12 title 'pool', \
     'latency.crowd.dat' index 1 using 1:($2*1e-6) with lines lt 9 title 'fork', \
     'latency.crowd.dat' index 2 using 1:($2*1e-6) with lines lt 10 title 'prefork', \
     'latency.crowd.dat' index 3 using 1:($2*1e-6) with lines lt 11 title 'thread', \
     'latency.crowd.dat' index 4 using 1:($2*1e-6) with lines lt 7 title 'libev', \
     'latency.crowd.dat' index 5 using 1:($2*1e-6) with lines lt 3 title 'select', \
     'latency.crowd.dat' index 6 using 1:($2*1e-6) with lines lt 5 title 'epoll', \
     'latency.crowd.dat' index 7 using 1:($2*1e-6) with lines lt 4 title 'poll', \
     'latency.crowd.dat' index 8 using 1:($2*1e-6) with lines lt 14 title 'reactors', \
     'latency.crowd.dat' index 9 using 1:($2*1e-6) with lines lt 6 title 'epoll-et', \
     'latency.crowd.dat' index 10 using 1:($2*1e-6) with lines lt 13 title 'nonblocking', \
     'latency.crowd.dat' index 11 using 1:($2*1e-6) with lines lt 8 title 'uring', \
     'latency.crowd.dat' index 12 using 1:($2*1e-6) with lines lt 2 title 'timeout (1 of 64)', \
     'latency.crowd.dat' index 13 using 1:($2*1e-6) with lines lt 1 title 'blocking (1 of 64)', \
     '' index 0 using 1:($2*1e-6):4 with labels hypertext point lt 12 pt 7 ps 0.4 notitle, \
     '' index 1 using 1:($2*1e-6):4 with labels hypertext point lt 9 pt 7 ps 0.4 notitle, \
     '' index 2 using 1:($2*1e-6):4 with labels hypertext point lt 10 pt 7 ps 0.4 notitle, \
     '' index 3 using 1:($2*1e-6):4 with labels hypertext point lt 11 pt 7 ps 0.4 notitle, \
     '' index 4 using 1:($2*1e-6):4 with labels hypertext point lt 7 pt 7 ps 0.4 notitle, \
     '' index 5 using 1:($2*1e-6):4 with labels hypertext point lt 3 pt 7 ps 0.4 notitle, \
     '' index 6 using 1:($2*1e-6):4 with labels hypertext point lt 5 pt 7 ps 0.4 notitle, \
     '' index 7 using 1:($2*1e-6):4 with labels hypertext point lt 4 pt 7 ps 0.4 notitle, \
     '' index 8 using 1:($2*1e-6):4 with labels hypertext point lt 14 pt 7 ps 0.4 notitle, \
     '' index 9 using 1:($2*1e-6):4 with labels hypertext point lt 6 pt 7 ps 0.4 notitle, \
     '' index 10 using 1:($2*1e-6):4 with labels hypertext point lt 13 pt 7 ps 0.4 notitle, \
     '' index 11 using 1:($2*1e-6):4 with labels hypertext point lt 8 pt 7 ps 0.4 notitle, \
     '' index 12 using 1:($2*1e-6):4 with labels hypertext point lt 2 pt 7 ps 0.4 notitle, \
     '' index 13 using 1:($2*1e-6):4 with labels hypertext point lt 1 pt 7 ps 0.4 notitle
eval png(474)
set output 'latency.crowd.png'
replot
