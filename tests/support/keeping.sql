-- States of a test database: what its tables and sequences held when it was kept, and the way back to it.
CREATE FUNCTION public.keep(state text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE place regclass; used boolean;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', state);
    EXECUTE format('CREATE TABLE %I."numbers of it" AS SELECT format(''%%I'', sequencename) AS name, start_value, last_value
        FROM pg_sequences WHERE schemaname = ''public''', state);
    FOR place IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', place) INTO used;
        IF used THEN EXECUTE format('CREATE TABLE %I.%s AS TABLE %2$s', state, place); END IF;
    END LOOP;
END $$;

CREATE FUNCTION public.put_back(state text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE place regclass; name text; used boolean;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no foreign keys on the way
    FOR place IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', place) INTO used;
        IF pg_relation_size(place) > 4000000 THEN EXECUTE format('TRUNCATE %s CASCADE', place);
        ELSIF used THEN EXECUTE format('DELETE FROM %s', place);
        END IF;
    END LOOP;
    FOR name IN SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = quote_ident(state)::regnamespace AND relname <> 'numbers of it' LOOP
        EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM %I.%1$I', name, state);
    END LOOP;
    EXECUTE format('SELECT setval(name::regclass, coalesce(last_value, start_value), last_value IS NOT NULL)
        FROM %I."numbers of it"', state);
END $$;

CREATE FUNCTION public.cut_off_others() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
        EXIT WHEN NOT FOUND;
        PERFORM pg_sleep(0.002), pg_stat_clear_snapshot();
    END LOOP;
END $$;

SELECT keep('at first');
