-- optimus: verdict=wrong_answer
-- optimus: expect="Hello, moon!\n"
select 'Hello, world!';
