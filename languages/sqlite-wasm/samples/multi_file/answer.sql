create table answers(answer);
insert into answers values (42);
