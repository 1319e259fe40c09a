"""Business days, holidays, send windows and occurrence rules. Pure: aware datetimes in and out, no clock."""
