import gc


class ReportBuilder:
    def __init__(self):
        self.lines = []

    def build(self, number):
        for line in range(10):
            self.lines.append("report %d, line %d" % (number, line))  # <- the leak: never cleared
        return "\n".join(self.lines)


builder = ReportBuilder()
for number in range(300):
    builder.build(number)
gc.collect()
print(len(builder.lines))  # 3000
