import gc
import objgraph

AUDIT_LOG = []
BY_USER = {}


class Session:
    pass


class Request:
    pass


def serve(number):
    session, request = Session(), Request()
    session.request, request.session = request, session
    AUDIT_LOG.append(session)  # <- the leak: nothing takes it out
    BY_USER[number % 20] = session


for number in range(600):
    serve(number)
    if number % 150 == 149:  # the diagnostic point
        gc.collect()
        objgraph.show_most_common_types(limit=50)
        objgraph.show_growth()

newest = objgraph.by_type("Session")[-1]
print(objgraph.find_backref_chain(newest, objgraph.is_proper_module))
