"""我的信息: what the hall holds about a person, and their rights over it (个人信息保护法 第四十四至四十七条)."""
