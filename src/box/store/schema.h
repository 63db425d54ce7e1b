/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The schema of the store, as the steps from version to version. A released step is never changed: a change
 * is a new one.
 *
 *   states of a layer       unpacking, ready, removing
 *   states of a container   creating (its owner makes it), created, starting (its owner starts it), running, exited,
 *                           removing
 *   owner                   the process that works on the container: "PID START BOOT"
 *   init                    the container's init, in the same form
 *
 * Lists are words with a 0x1f behind each.
 */
#ifndef BOX_STORE_SCHEMA_H
#define BOX_STORE_SCHEMA_H

static const char *const schema_versions[] = {
        "CREATE TABLE layers (id INTEGER PRIMARY KEY AUTOINCREMENT, diff_id TEXT, size INTEGER NOT NULL DEFAULT 0,"
        "  state TEXT NOT NULL, owner TEXT NOT NULL DEFAULT '');"
        "CREATE INDEX layers_diff_id ON layers(diff_id);"
        "CREATE TABLE images (id TEXT PRIMARY KEY, config TEXT NOT NULL, created INTEGER NOT NULL);"
        "CREATE TABLE image_layers (image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE, place INTEGER NOT NULL,"
        "  layer INTEGER NOT NULL REFERENCES layers(id), PRIMARY KEY (image, place)) WITHOUT ROWID;"
        "CREATE INDEX image_layers_layer ON image_layers(layer);"
        "CREATE TABLE tags (name TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE)"
        "  WITHOUT ROWID;"
        "CREATE INDEX tags_image ON tags(image);"
        "CREATE TABLE containers (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, image TEXT REFERENCES images(id),"
        "  image_name TEXT NOT NULL, command TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, owner TEXT NOT NULL DEFAULT '',"
        "  init TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, started INTEGER, finished INTEGER, exit_code INTEGER,"
        "  restart TEXT NOT NULL DEFAULT 'no', restarts INTEGER NOT NULL DEFAULT 0, stopping INTEGER NOT NULL DEFAULT 0,"
        "  terminal INTEGER NOT NULL DEFAULT 0, detached INTEGER NOT NULL DEFAULT 0, auto_remove INTEGER NOT NULL DEFAULT 0,"
        "  network TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '', ports TEXT NOT NULL DEFAULT '',"
        "  labels TEXT NOT NULL DEFAULT '', stop_signal TEXT NOT NULL DEFAULT '', userns TEXT NOT NULL DEFAULT '',"
        "  history INTEGER);"
        "CREATE INDEX containers_state ON containers(state);"
        "CREATE TABLE history (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, name TEXT NOT NULL,"
        "  image TEXT NOT NULL, command TEXT NOT NULL, user TEXT NOT NULL, started INTEGER NOT NULL, finished INTEGER,"
        "  exit_code INTEGER, end TEXT NOT NULL DEFAULT 'running');"
        "CREATE INDEX history_id ON history(id);"
        "CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, type TEXT NOT NULL,"
        "  action TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, detail TEXT NOT NULL);",

        /* Each command asks for the containers that a process works on (STORE_BUSY), and among thousands few
         * are. No question needs an index of the history by container. */
        "DROP INDEX containers_state; DROP INDEX history_id;"
        "CREATE INDEX containers_busy ON containers(state) WHERE state<>'created' AND state<>'exited';",
};

#endif
