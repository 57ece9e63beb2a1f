"""Who acts in the hall: organisations (单位), accounts (帐号), what they are granted, and their sign-ins (会话)."""
