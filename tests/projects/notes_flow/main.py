from crewai.flow import Flow, listen, start


class NotesFlow(Flow):
    @start()
    def note(self):
        if text := self.state.get("text"):
            self.remember(text)

    @listen(note)
    def tell(self):
        return [match.record.content for match in self.recall("What does Ada prefer?", depth="shallow")]
