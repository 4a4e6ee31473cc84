"""The trigger function: what arrives in the trigger queue (objects, events, schedules) starts executions."""
