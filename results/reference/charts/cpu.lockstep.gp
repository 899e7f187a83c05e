# `gnuplot cpu.lockstep.gp` draws this chart from cpu.lockstep.dat.
load 'style.gp'
eval svg(474)
set output 'cpu.lockstep.svg'
set title 'Processor time per request: one client in lock-step'
set xlabel 'processor time per request: median of 3 trials, with its 95 % interval'
set xrange [0:4.6442e-05]
set yrange [0.4:14.6]
set format x '%.0s %cs'
set grid xtics noytics
set ytics scale 0
set border 1
set nokey
plot 'cpu.lockstep.dat' using (0):1:(0):3:($1-0.34):($1+0.34):2:yticlabels(6) with boxxyerror lc variable, \
     '' using ($5>$4?$3:NaN):1:4:5 with xerrorbars lc rgb 'black' lw 1.3 dt 1 pt -1, \
     '' using 5:1:7 with labels left offset 0.8,0 textcolor rgb 'black', \
     '' using ($3/2):1:8 with labels hypertext point pt 5 ps 1.5 lc rgb '#ff000000'
eval png(474)
set output 'cpu.lockstep.png'
replot
