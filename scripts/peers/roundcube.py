"""Roundcube: its list of as many rows, behind nginx and PHP with its code cache."""

import http.cookiejar
import re
import shutil
import sqlite3
import urllib.parse
import urllib.request

from shared import ROWS_A_PAGE, expect, free_port, give_away, output_of, pages, running


def measure(folder, imap, dovecot):
    folder.mkdir()
    site, config = folder / "site", folder / "config"
    # Followed links would lead to what the package keeps for the system's own.
    shutil.copytree("/usr/share/roundcube", site, symlinks=False, ignore_dangling_symlinks=True)
    config.mkdir()
    for name in ("temp", "logs"):
        (folder / name).mkdir()
    database = sqlite3.connect(folder / "roundcube.db")
    database.executescript((site / "SQL/sqlite.initial.sql").read_text())
    database.close()
    shutil.copy("/etc/roundcube/defaults.inc.php", config)
    shutil.copy("/etc/roundcube/mimetypes.php", config)
    (config / "config.inc.php").write_text(ROUNDCUBE.format(folder=folder, imap=imap))
    port, php = free_port(), free_port()
    version = re.match(r"PHP (\d+\.\d+)", output_of(["php", "--version"]))[1]
    (folder / "fpm.conf").write_text(FPM.format(folder=folder, php=php, config=config))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, site=site, port=port, php=php))
    give_away(folder)
    fpm = [f"/usr/sbin/php-fpm{version}", "--nodaemonize", "--fpm-config", str(folder / "fpm.conf")]
    nginx = ["/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")]
    with running(fpm, php, folder) as workers, running(nginx, port, folder) as front:
        address = f"http://127.0.0.1:{port}/"
        cookie, roots = log_in(address), [dovecot, workers, front]
        address += "?_task=mail&_mbox=INBOX"
        rows = f"{address}&_action=list&_remote=1"
        request = urllib.request.Request(rows, headers={"Cookie": cookie})
        said = urllib.request.urlopen(request).read().decode()
        shown = said.count("add_message_row")
        expect(shown >= ROWS_A_PAGE, f"Roundcube's list has {shown} rows: {said[:500]}")
        yield pages("Roundcube: rows of the list alone", rows, roots, cookie)
        yield pages("Roundcube: page around them", address, roots, cookie)


def log_in(address):
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(address).read().decode()
    token = re.search(r'name="_token" value="([^"]+)"', page)[1]
    form = {"_task": "login", "_action": "login", "_token": token}
    form |= {"_user": "u0@example.test", "_pass": "bench"}
    typed = urllib.parse.urlencode(form).encode()
    page = browser.open(f"{address}?_task=login", typed).read().decode()
    expect("rcmail.set_env" in page and "_task=logout" in page, "Roundcube does not let us in")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


ROUNDCUBE = """<?php
$config = [];
$config['db_dsnw'] = 'sqlite:///{folder}/roundcube.db?mode=0640';
$config['imap_host'] = '127.0.0.1:{imap}';
$config['des_key'] = 'only-for-the-bench-24bytes';
$config['plugins'] = [];
$config['log_dir'] = '{folder}/logs/';
$config['temp_dir'] = '{folder}/temp/';
$config['session_lifetime'] = 60;
$config['mail_pagesize'] = 50;
$config['language'] = 'ja_JP';
"""

FPM = """
[global]
error_log = {folder}/fpm.log
[www]
listen = 127.0.0.1:{php}
pm = static
pm.max_children = 4
clear_env = no
env[ROUNDCUBE_CONFIG_DIR] = {config}
php_admin_value[opcache.enable] = 1
php_admin_value[session.save_path] = {folder}/temp
php_admin_value[error_log] = {folder}/php.log
"""

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/errors;
events {{ worker_connections 256; }}
http {{
  access_log off;
  include /etc/nginx/mime.types;
  client_body_temp_path {folder}/temp/body;
  fastcgi_temp_path {folder}/temp/fastcgi;
  proxy_temp_path {folder}/temp/proxy;
  scgi_temp_path {folder}/temp/scgi;
  uwsgi_temp_path {folder}/temp/uwsgi;
  server {{
    listen 127.0.0.1:{port};
    root {site};
    index index.php;
    location ~ \\.php$ {{
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass 127.0.0.1:{php};
    }}
  }}
}}
"""
