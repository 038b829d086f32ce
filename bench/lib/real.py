"""An ordinary system on the real clock: a host that commits rows at a steady rate, the worker, and a sender. It goes on beside another case."""
import threading
import time

from lib import product
from lib.server import Session, drop_database

GREET = {'triggers': [{'on': 'contact.created'}], 'steps': [
    {'id': 'hello', 'type': 'send', 'channel': 'email', 'subject': 'Hello {{ contact.name }}', 'body': 'You have {{ contact.score }} points.'},
    {'id': 'rest', 'type': 'wait', 'for': '20 seconds'},
    {'id': 'again', 'type': 'send', 'channel': 'email', 'subject': 'Still there?', 'body': 'Dear {{ contact.name }}'}]}
ROW = "INSERT INTO contacts VALUES ({0}, 'org', 'Name {0}', 'c{0}@example.test', 'new', 'city', 1)"
UPDATES = "SELECT n_tup_upd FROM pg_stat_all_tables WHERE relid = 'pg_class'::regclass"


class OrdinaryLoad(threading.Thread):
    def __init__(self, name, rate, first=20):
        """first: seconds that are not counted, in which what is there once is made."""
        super().__init__(daemon=True)
        self.name_of, self.rate, self.first, self.rows, self.sent, self.error = name, rate, first, 0, 0, None
        self.ending, self.counted_from = threading.Event(), None
        self.session = product.open_database(name, virtual=False)
        self.session.file('contacts.sql')
        product.attach(self.session, 'contacts')
        product.publish(self.session, 'greet', GREET)
        product.worker_pid(name)
        self.looking, self.sender = Session(name), Session(name)

    def run(self):
        try:
            begin, claimed = time.time(), time.time()
            while not self.ending.wait(max(0, begin + self.rows / self.rate - time.time())):
                self.rows += 1
                self.session.run(ROW.format(self.rows))
                if time.time() - claimed >= 1:
                    claimed = time.time()
                    self.send()
                if self.counted_from is None and time.time() - begin >= self.first:
                    self.counted_from = time.time(), self.looking.value(UPDATES)
        except Exception as error:  # told to whoever waits for the end
            self.error = error

    def send(self):
        got = self.sender.run("SELECT count(*), (array_agg(c.token))[1] FROM workflow.claim('email', 10000, '1 minute') c")[0]
        if got[0]:
            self.sent += self.sender.value('SELECT workflow.ack(%s)', (got[1],))

    def end(self, check):
        """Updates of pg_class an hour, over how many seconds, with how many rows a second; then what must have become of the rows is checked."""
        self.ending.set()
        self.join()
        if self.error:
            raise self.error
        time.sleep(1.5)  # the worker tells what it did once a second
        since, before = self.counted_from or (time.time(), 0)
        seconds = time.time() - since
        per_hour = (self.looking.value(UPDATES) - before) / seconds * 3600 if self.counted_from else float('nan')
        end = time.time() + 60
        while self.sent < 2 * self.rows and time.time() < end:
            time.sleep(0.5)
            self.send()
        check('an ordinary system: rows, messages that were sent', (self.rows, self.sent), (self.rows, 2 * self.rows))
        check('an ordinary system: ended', self.looking.value("SELECT count(*) FROM workflow.enrollments e WHERE e.reason = 'completed'"), self.rows)
        for session in (self.session, self.looking, self.sender):
            session.close()
        drop_database(self.name_of)
        return per_hour, seconds, self.rate
