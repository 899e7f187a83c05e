#!/usr/bin/tclsh
# A timestamp server in Tcl: events, binary channels.
#
# usage: odd.tcl PORT    prints the URI with its real port when it is ready
proc answer {client} {
    if {[catch {read $client} data] || ($data eq "" && [eof $client])} {
        catch {close $client}
    } elseif {$data ne ""} {
        catch {puts -nonewline $client "\[[clock format [clock seconds] -format {%a %b %e %H:%M:%S %Y}]\]$data"}
        if {[eof $client]} {
            catch {close $client}
        }
    }
}

proc accept {client host port} {
    fconfigure $client -translation binary -blocking 0 -buffering none
    fileevent $client readable [list answer $client]
}

set server [socket -server accept -myaddr 127.0.0.1 [lindex $argv 0]]
puts "tcp://127.0.0.1:[lindex [fconfigure $server -sockname] 2]"
flush stdout
vwait forever
