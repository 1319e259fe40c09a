"""Business days, holidays, send windows and occurrence rules. Pure: aware datetimes in, aware UTC datetimes out, no clock."""
