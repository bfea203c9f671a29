<?php
// optimus: verdict=accepted expect="100000\n"
function depth(int $n): int
{
    return $n === 0 ? 0 : 1 + depth($n - 1);
}

echo depth(100000), "\n";
