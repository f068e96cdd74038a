"""What happens over time: tasks, the engine process, the session and its commands. Qt's core only."""
