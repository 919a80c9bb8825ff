-- texts.lua: the greeting by the language of the player's game; English for all others. {name} is the player, {server}
-- our name, {online} the players online.
return {
  en = "Welcome back, {name}. {online} online.",
  de = "Willkommen zurück, {name}. {online} online.",
  es = "Te damos la bienvenida de nuevo, {name}. {online} en línea.",
  fr = "Bon retour, {name}. {online} en ligne.",
  it = "Bentornato, {name}. {online} in linea.",
  ja = "おかえりなさい、{name}。オンライン: {online}",
  pl = "Witaj ponownie, {name}. Online: {online}.",
  ru = "С возвращением, {name}. В сети: {online}.",
}
