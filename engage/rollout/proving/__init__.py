"""Examples and invariants of playbooks, played by the real engine on stores in memory: nobody gets mail."""
