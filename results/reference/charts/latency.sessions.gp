# `gnuplot latency.sessions.gp` draws this chart from latency.sessions.dat.
load 'style.gp'
eval svg(474)
set output 'latency.sessions.svg'
set title 'Response time by percentile'."\n".'200 clients a second that connect, talk ten times and end'
set xlabel 'percentile of the requests of 3 trials'
set ylabel 'response time (log scale)'
set logscale xy
set xtics ('0' 1, '50' 2, '75' 4, '90' 10, '95' 20, '99' 100, '99.9' 1000, '99.99' 10000, '99.999' 100000)
set format y duration
eval duration_tics('y')
set yrange [1.387e-05:0.004285]
plot 'latency.sessions.dat' index 0 using 1:($2*1e-6) with lines lt 12 title 'pool', \
     'latency.sessions.dat' index 1 using 1:($2*1e-6) with lines lt 10 title 'prefork', \
     'latency.sessions.dat' index 2 using 1:($2*1e-6) with lines lt 9 title 'fork', \
     'latency.sessions.dat' index 3 using 1:($2*1e-6) with lines lt 2 title 'timeout', \
     'latency.sessions.dat' index 4 using 1:($2*1e-6) with lines lt 1 title 'blocking', \
     'latency.sessions.dat' index 5 using 1:($2*1e-6) with lines lt 13 title 'nonblocking', \
     'latency.sessions.dat' index 6 using 1:($2*1e-6) with lines lt 6 title 'epoll-et', \
     'latency.sessions.dat' index 7 using 1:($2*1e-6) with lines lt 11 title 'thread', \
     'latency.sessions.dat' index 8 using 1:($2*1e-6) with lines lt 8 title 'uring', \
     'latency.sessions.dat' index 9 using 1:($2*1e-6) with lines lt 3 title 'select', \
     'latency.sessions.dat' index 10 using 1:($2*1e-6) with lines lt 14 title 'reactors', \
     'latency.sessions.dat' index 11 using 1:($2*1e-6) with lines lt 4 title 'poll', \
     'latency.sessions.dat' index 12 using 1:($2*1e-6) with lines lt 5 title 'epoll', \
     'latency.sessions.dat' index 13 using 1:($2*1e-6) with lines lt 7 title 'libev', \
     '' index 0 using 1:($2*1e-6):4 with labels hypertext point lt 12 pt 7 ps 0.4 notitle, \
     '' index 1 using 1:($2*1e-6):4 with labels hypertext point lt 10 pt 7 ps 0.4 notitle, \
     '' index 2 using 1:($2*1e-6):4 with labels hypertext point lt 9 pt 7 ps 0.4 notitle, \
     '' index 3 using 1:($2*1e-6):4 with labels hypertext point lt 2 pt 7 ps 0.4 notitle, \
     '' index 4 using 1:($2*1e-6):4 with labels hypertext point lt 1 pt 7 ps 0.4 notitle, \
     '' index 5 using 1:($2*1e-6):4 with labels hypertext point lt 13 pt 7 ps 0.4 notitle, \
     '' index 6 using 1:($2*1e-6):4 with labels hypertext point lt 6 pt 7 ps 0.4 notitle, \
     '' index 7 using 1:($2*1e-6):4 with labels hypertext point lt 11 pt 7 ps 0.4 notitle, \
     '' index 8 using 1:($2*1e-6):4 with labels hypertext point lt 8 pt 7 ps 0.4 notitle, \
     '' index 9 using 1:($2*1e-6):4 with labels hypertext point lt 3 pt 7 ps 0.4 notitle, \
     '' index 10 using 1:($2*1e-6):4 with labels hypertext point lt 14 pt 7 ps 0.4 notitle, \
     '' index 11 using 1:($2*1e-6):4 with labels hypertext point lt 4 pt 7 ps 0.4 notitle, \
     '' index 12 using 1:($2*1e-6):4 with labels hypertext point lt 5 pt 7 ps 0.4 notitle, \
     '' index 13 using 1:($2*1e-6):4 with labels hypertext point lt 7 pt 7 ps 0.4 notitle
eval png(474)
set output 'latency.sessions.png'
replot
