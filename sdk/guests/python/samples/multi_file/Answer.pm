package Answer;
sub answer { 42 }
1;
