# optimus: verdict=accepted expect="100000\n"
use strict;
no warnings 'recursion';

sub depth {
    my ($n) = @_;
    return $n == 0 ? 0 : 1 + depth($n - 1);
}

print depth(100_000), "\n";
