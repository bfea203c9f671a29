-- optimus: verdict=accepted expect="42\n"
.read answer.sql
select answer from answers;
