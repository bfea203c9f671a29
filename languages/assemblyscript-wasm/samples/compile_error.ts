// optimus: verdict=compile_error
const answer: i32 = "42";
console.log(answer.toString());
