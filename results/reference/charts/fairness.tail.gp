# `gnuplot fairness.tail.gp` draws this chart from fairness.tail.dat.
load 'style.gp'
eval svg(474)
set output 'fairness.tail.svg'
set title 'Fairness among connections: half of the capacity, over 64 clients'
set xlabel 'Jain''s index: median of 3 trials, with its 95 % interval'
set xrange [0:1.24999]
set yrange [0.4:14.6]
set format x '%g'
set grid xtics noytics
set ytics scale 0
set border 1
set nokey
set xtics 0, 0.2, 1
plot 'fairness.tail.dat' using (0):1:(0):3:($1-0.34):($1+0.34):2:yticlabels(6) with boxxyerror lc variable, \
     '' using ($5>$4?$3:NaN):1:4:5 with xerrorbars lc rgb 'black' lw 1.3 dt 1 pt -1, \
     '' using 5:1:7 with labels left offset 0.8,0 textcolor rgb 'black', \
     '' using ($3/2):1:8 with labels hypertext point pt 5 ps 1.5 lc rgb '#ff000000'
eval png(474)
set output 'fairness.tail.png'
replot
