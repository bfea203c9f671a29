# optimus: verdict=accepted expect="42\n"
use Answer;
print Answer::answer(), "\n";
