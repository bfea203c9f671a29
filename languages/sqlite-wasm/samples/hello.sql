-- optimus: verdict=accepted
-- optimus: expect="Hello, world!\n"
select 'Hello, world!';
